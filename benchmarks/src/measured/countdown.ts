/** Resolves when it was told so many times. */
export interface Countdown {
  readonly done: Promise<void>;
  readonly tell: () => void;
}

export function countdown(count: number): Countdown {
  let left = count;
  let resolve: () => void;
  const done = new Promise<void>((given) => {
    resolve = given;
  });
  return {
    done,
    tell: () => {
      left -= 1;
      if (left === 0) resolve();
    },
  };
}
