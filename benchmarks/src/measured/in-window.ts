/** Runs a task so many times, at most `width` of them at once. Rejects with the first failure. */
export async function inWindow(count: number, width: number, task: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await task(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, width) }, lane));
}
