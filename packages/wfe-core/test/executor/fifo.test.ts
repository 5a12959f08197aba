import { describe, expect, it } from "vitest";
import { Fifo } from "../../src/executor/fifo.ts";

describe("a first-in, first-out list", () => {
  it("gives what was added in its order, also across the points where it throws away what was taken", () => {
    const list = new Fifo<number>();
    const taken: (number | undefined)[] = [];

    for (let n = 0; n < 200; n += 1) {
      list.push(2 * n);
      list.push(2 * n + 1);
      taken.push(list.shift());
    }
    for (let n = 0; n < 201; n += 1) taken.push(list.shift());

    expect(taken).toEqual([...Array.from({ length: 400 }, (_, n) => n), undefined]);
  });

  it("shows the next without taking it, takes some back before all others, and forgets all", () => {
    const list = new Fifo<string>();
    for (const text of ["a", "b", "c"]) list.push(text);
    list.shift();

    expect(list.peek()).toBe("b");
    list.unshift(["x", "y"]);
    expect([list.shift(), list.shift(), list.shift()]).toEqual(["x", "y", "b"]);
    list.clear();

    expect([list.peek(), list.shift()]).toEqual([undefined, undefined]);
  });
});
