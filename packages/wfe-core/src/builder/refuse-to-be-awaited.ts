/**
 * First line of `then` on every builder. `await b` and `Promise.resolve(b)` call `b.then(resolve, reject)`: two native functions, which no
 * overload of ours takes. Throwing rejects the await at once; returning would leave it hanging for ever.
 *
 * @param args - The arguments of that `then`.
 * @throws TypeError when they are those of an await.
 */
export function refuseToBeAwaited(args: readonly unknown[]): void {
  const [resolve, reject] = args;
  // Classes have a prototype; the functions that an await passes have none.
  if (typeof resolve === "function" && typeof reject === "function" && resolve.prototype === undefined && reject.prototype === undefined) {
    throw new TypeError(
      "a workflow builder is not a promise: remove the `await` (or the `async` of the function that returned it), and call .build(id, version)",
    );
  }
}
