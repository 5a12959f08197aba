import { describe, expect, it } from "vitest";
import { systemClock } from "wfe-core";
import { Batches, type BatchesOptions, type Outcome } from "../src/batches.ts";

interface Call {
  readonly requests: readonly string[];
  answer(outcomes?: readonly Outcome<string>[]): void;
  fail(error: unknown): void;
}

/** Batches whose calls are answered by the test; the key of `a1` is `a`. */
function held(options: Partial<BatchesOptions<string, string>> = {}): { readonly batches: Batches<string, string>; readonly calls: Call[] } {
  const calls: Call[] = [];
  const batches = new Batches<string, string>({
    clock: systemClock,
    limit: 3,
    concurrency: 1,
    keyOf: (request) => request.replace(/\d+$/, ""),
    mayBeOnes: () => true,
    send: (requests) =>
      new Promise((resolve, reject) => {
        calls.push({
          requests,
          answer: (outcomes = requests.map((request) => ({ value: `${request}!` }))) => resolve(outcomes),
          fail: (error) => reject(error as Error),
        });
      }),
    ...options,
  });
  return { batches, calls };
}

/** Lets the event loop come to its end once. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const sent = (calls: readonly Call[]): readonly (readonly string[])[] => calls.map(({ requests }) => requests);

describe("Batches", () => {
  it("send what is wanted in one turn in one call, in its order, and answer each", async () => {
    const { batches, calls } = held();

    const answers = ["a1", "b1", "c1"].map((request) => batches.request(request));
    await turn();
    calls[0]?.answer();

    expect(await Promise.all(answers)).toEqual(["a1!", "b1!", "c1!"]);
    expect(sent(calls)).toEqual([["a1", "b1", "c1"]]);
  });

  it("let what others want at the moment go before a patient request", async () => {
    const order: string[] = [];
    const tell = (requests: readonly string[]): Promise<readonly Outcome<string>[]> => {
      order.push(...requests);
      return Promise.resolve(requests.map((request) => ({ value: request })));
    };
    const [patient, other] = [held({ send: tell }).batches, held({ send: tell }).batches];

    await Promise.all([patient.request("a1", { isPatient: true }), other.request("b1")]);

    expect(order).toEqual(["b1", "a1"]);
  });

  it("take a patient request along with what comes after it", async () => {
    const { batches, calls } = held();

    const answers = [batches.request("a1", { isPatient: true }), batches.request("b1")];
    await turn();
    calls[0]?.answer();

    expect(await Promise.all(answers)).toEqual(["a1!", "b1!"]);
    expect(sent(calls)).toEqual([["a1", "b1"]]);
  });

  it("send no more than the limit at once, and the rest when the call returns", async () => {
    const { batches, calls } = held();

    const answers = ["a1", "b1", "c1", "d1", "e1"].map((request) => batches.request(request));
    await turn();
    expect(sent(calls)).toEqual([["a1", "b1", "c1"]]);
    calls[0]?.answer();
    await turn();
    calls[1]?.answer();

    expect(await Promise.all(answers)).toHaveLength(5);
    expect(sent(calls)).toEqual([
      ["a1", "b1", "c1"],
      ["d1", "e1"],
    ]);
  });

  it("have as many calls under way as allowed", async () => {
    const { batches, calls } = held({ limit: 1, concurrency: 2 });

    for (const request of ["a1", "b1", "c1"]) void batches.request(request);
    await turn();
    await turn();
    expect(sent(calls)).toEqual([["a1"], ["b1"]]);
    calls[1]?.answer();
    await turn();

    expect(sent(calls)).toEqual([["a1"], ["b1"], ["c1"]]);
  });

  it("send requests of one key one after the other, and do not let them hold up others", async () => {
    const { batches, calls } = held({ concurrency: 3 });

    for (const request of ["a1", "a2", "b1", "a3"]) void batches.request(request);
    await turn();
    expect(sent(calls)).toEqual([["a1", "b1"]]);
    void batches.request("c1");
    await turn();
    expect(sent(calls)).toEqual([["a1", "b1"], ["c1"]]);
    calls[0]?.answer();
    await turn();
    calls[2]?.answer();
    await turn();

    expect(sent(calls)).toEqual([["a1", "b1"], ["c1"], ["a2"], ["a3"]]);
  });

  it("count a request by its size, send one alone that is larger than the limit, and keep the order of a key", async () => {
    const { batches, calls } = held({ sizeOf: (request) => ({ big: 9, two: 2 })[request.slice(0, 3)] ?? 1 });

    for (const request of ["two1", "two2", "a1", "big1", "b1"]) void batches.request(request);
    for (let call = 0; call < 4; call += 1) {
      await turn();
      calls[call]?.answer();
    }
    await turn();

    expect(sent(calls)).toEqual([["two1", "a1"], ["two2", "b1"], ["big1"]]);
  });

  it("answer a request that fails alone with its own error", async () => {
    const { batches, calls } = held();

    const answers = Promise.allSettled(["a1", "b1"].map((request) => batches.request(request)));
    await turn();
    calls[0]?.answer([{ error: new Error("no a") }, { value: "b" }]);

    expect(await answers).toMatchObject([
      { status: "rejected", reason: { message: "no a" } },
      { status: "fulfilled", value: "b" },
    ]);
  });

  it("send the requests of a failed call one by one, when one of them may be the reason", async () => {
    const { batches, calls } = held();

    const answers = Promise.allSettled(["a1", "b1", "c1"].map((request) => batches.request(request)));
    await turn();
    calls[0]?.fail(new Error("one of them"));
    for (let call = 1; call <= 3; call += 1) {
      await turn();
      if (call === 2) calls[call]?.fail(new Error("b it was"));
      else calls[call]?.answer();
    }

    expect(await answers).toMatchObject([{ value: "a1!" }, { status: "rejected", reason: { message: "b it was" } }, { value: "c1!" }]);
    expect(sent(calls)).toEqual([["a1", "b1", "c1"], ["a1"], ["b1"], ["c1"]]);
  });

  it("stop sending one by one when the store fails meanwhile", async () => {
    const { batches, calls } = held({ mayBeOnes: (error) => (error as Error).message === "one of them" });

    const answers = Promise.allSettled(["a1", "b1", "c1"].map((request) => batches.request(request)));
    await turn();
    calls[0]?.fail(new Error("one of them"));
    await turn();
    calls[1]?.answer();
    await turn();
    calls[2]?.fail(new Error("down"));
    await turn();

    expect(sent(calls)).toEqual([["a1", "b1", "c1"], ["a1"], ["b1"]]);
    expect(await answers).toMatchObject([{ value: "a1!" }, { reason: { message: "down" } }, { reason: { message: "down" } }]);
  });

  it("take more requests at once than a call has room for arguments", async () => {
    const { batches } = held({ limit: 10_000, keyOf: (request) => request, send: async (requests) => requests.map((value) => ({ value })) });
    const requests = Array.from({ length: 300_000 }, (_, index) => String(index));

    expect(await Promise.all(requests.map((request) => batches.request(request)))).toEqual(requests);
  });

  it("fail all requests of a call together that has failed for the store, and go on", async () => {
    const { batches, calls } = held({ mayBeOnes: () => false });

    const answers = Promise.allSettled(["a1", "b1"].map((request) => batches.request(request)));
    await turn();
    const next = batches.request("a2");
    calls[0]?.fail(new Error("down"));
    await turn();
    calls[1]?.answer();

    expect(await answers).toMatchObject([{ reason: { message: "down" } }, { reason: { message: "down" } }]);
    expect(await next).toBe("a2!");
    expect(sent(calls)).toEqual([["a1", "b1"], ["a2"]]);
  });

  it("do not send a request alone again that has failed alone", async () => {
    const { batches, calls } = held();

    const answer = batches.request("a1");
    await turn();
    calls[0]?.fail(new Error("no"));

    await expect(answer).rejects.toThrow("no");
    expect(calls).toHaveLength(1);
  });
});
