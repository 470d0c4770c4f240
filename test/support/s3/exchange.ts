import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Fault } from "./faults.ts";

/** One request to the store, and what became of it. */
export interface Exchange {
  readonly operation: Operation;
  readonly method: string;
  /** As it was signed: path and query, still encoded. */
  readonly target: string;
  readonly bucket: string;
  readonly key: string;
  readonly headers: IncomingHttpHeaders;
  fault?: Fault["kind"];
  /** What the store itself answered, if it was asked. */
  status?: number;
}

export type Operation =
  | "AbortMultipartUpload"
  | "BucketRequest"
  | "CompleteMultipartUpload"
  | "CreateMultipartUpload"
  | "DeleteObject"
  | "DeleteObjects"
  | "GetObject"
  | "HeadObject"
  | "ListObjects"
  | "PutObject"
  | "UploadPart";

export function exchangeOf({ method = "", url = "", headers }: IncomingMessage): Exchange {
  const { pathname, searchParams } = new URL(url, "http://store");
  const [, bucket = "", ...rest] = pathname.split("/").map(decodeURIComponent);
  const key = rest.join("/");
  const operation = operationOf(method, key, searchParams);
  return { operation, method, target: url, bucket, key, headers };
}

function operationOf(method: string, key: string, query: URLSearchParams): Operation {
  const isUpload = query.has("uploadId");
  switch (`${method} ${key === "" ? "bucket" : "object"}`) {
    case "GET object":
      return "GetObject";
    case "HEAD object":
      return "HeadObject";
    case "PUT object":
      return isUpload ? "UploadPart" : "PutObject";
    case "POST object":
      return isUpload ? "CompleteMultipartUpload" : "CreateMultipartUpload";
    case "DELETE object":
      return isUpload ? "AbortMultipartUpload" : "DeleteObject";
    case "POST bucket":
      return "DeleteObjects";
    case "GET bucket":
      return query.has("list-type") ? "ListObjects" : "BucketRequest";
    default:
      return "BucketRequest";
  }
}
