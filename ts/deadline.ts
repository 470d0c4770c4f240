/** Resolves with the promise, or with `late` after `timeoutMs`; then the promise goes on unheard. */
export async function within<T, L>(
  promise: Promise<T>,
  timeoutMs: number,
  late: L,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<L>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, timeoutMs), late);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
