/**
 * Whether what had to be made synchronously is a promise after all. One that is counts as handled from then on: left alone it would become an unhandled
 * rejection if it fails.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  if (typeof (value as { readonly then?: unknown }).then !== "function") return false;
  void Promise.resolve(value as PromiseLike<unknown>).catch(() => undefined);
  return true;
}
