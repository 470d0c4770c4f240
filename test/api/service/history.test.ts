import { historySuite } from "./support/history.ts";
import { testService } from "./support/service.ts";

historySuite("history on the embedded database", () => testService());
