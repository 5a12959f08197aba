import { expect, it } from "vitest";
import type { PointerRow, WorkflowRecord } from "../../../src/index.ts";
import type { FinalState } from "../../../src/test-support/simulation/simulated-program.ts";
import type { Data } from "./build.ts";
import { programOf } from "./program-of.ts";
import { runProgram } from "./run-program.ts";
import type { BodyNode, Chain, Tree } from "./tree.ts";

const body = (more: Partial<BodyNode> = {}): BodyNode => ({ kind: "body", as: "fn", gives: "value", ...more });
const held = (more: Partial<BodyNode> = {}): BodyNode => body({ undo: { as: "class" }, ...more });
const fails = (more: Partial<BodyNode> = {}): BodyNode => body({ fails: 9, onError: { kind: "compensate" }, ...more });

const SAGA: Chain = [{ kind: "saga", undo: { as: "fn" }, block: [held(), held(), fails({ undo: { as: "fn" } })] }, body()];
const WAITS: Chain = [
  { kind: "wait", any: false, key: "shared" },
  { kind: "wait", any: false, key: "shared" },
];
const LOOPS: Chain = [
  { kind: "while", times: 2, block: [body()] },
  { kind: "each", items: 2, parallel: false, block: [body({ gives: "patch" })] },
];
const CHILD: Chain = [{ kind: "child", byId: false, block: [body()] }, body()];
const RETRIED: Chain = [body({ fails: 1 }), body({ when: false }), { kind: "if", holds: true, block: [body()] }];
const STOPPED: Chain = [{ kind: "parallel", branches: [[body()], [fails({ onError: { kind: "suspend" } })]] }];
const CALLED_OFF: Chain = [
  {
    kind: "parallel",
    branches: [
      [{ kind: "wait", any: false, key: "own", never: true, timeout: 90_000, cancelWhen: { on: "flag", proceed: true } }, body()],
      [{ kind: "raise" }],
    ],
  },
];
const ENDED: Chain = [
  { kind: "schedule", ms: 50, block: [body()] },
  { kind: "if", holds: true, block: [{ kind: "end" }] },
];

/** What is left, made anew with a change. */
type Mutation = (final: FinalState) => FinalState;

function root(change: (record: WorkflowRecord) => WorkflowRecord): Mutation {
  return (final) => ({ ...final, records: new Map([...final.records].map(([id, record]) => [id, id === "root" ? change(record) : record])) });
}

function data(change: (data: Data) => Data): Mutation {
  return root((record) => ({ ...record, data: JSON.stringify(change(JSON.parse(record.data) as Data)) }));
}

/** Changes the pointers with this name, or leaves them out. */
function pointers(name: string, change: (pointer: PointerRow) => PointerRow | undefined): Mutation {
  return root((record) => ({
    ...record,
    pointers: record.pointers.flatMap((pointer) => (pointer.stepName === name ? (change(pointer) ?? []) : pointer)),
  }));
}

/** Exchanges what two pointers have. */
function swapped(one: string, other: string, keys: readonly (keyof PointerRow)[]): Mutation {
  return root((record) => {
    const find = (name: string): PointerRow | undefined => record.pointers.find(({ stepName }) => stepName === name);
    const taken = (pointer: PointerRow, from: PointerRow | undefined): PointerRow => ({
      ...pointer,
      ...Object.fromEntries(keys.map((key) => [key, from?.[key]])),
    });
    return {
      ...record,
      pointers: record.pointers
        .map((pointer) => (pointer.stepName === one ? taken(pointer, find(other)) : pointer.stepName === other ? taken(pointer, find(one)) : pointer))
        .toSorted((a, b) => a.seq - b.seq),
    };
  });
}

const withStatus =
  (status: PointerRow["status"]) =>
  (pointer: PointerRow): PointerRow => ({ ...pointer, status });
const without = (): undefined => undefined;

const MUTATIONS: readonly (readonly [name: string, chain: Chain, mutation: Mutation])[] = [
  ["a compensation that is lost", SAGA, pointers("body2undo", without)],
  ["the saga's own compensation lost", SAGA, pointers("saga0undo", without)],
  ["two compensations in the wrong order", SAGA, swapped("body1undo", "body2undo", ["seq", "endSeq"])],
  ["two ends in the wrong order", SAGA, swapped("body1", "body2", ["endSeq"])],
  ["a compensation of something else", SAGA, pointers("body1undo", (pointer) => ({ ...pointer, compensates: "nobody" }))],
  ["a compensation that is not over", SAGA, pointers("body1undo", withStatus("running"))],
  ["a compensation that came before its turn", SAGA, pointers("body1undo", (pointer) => ({ ...pointer, seq: 1.5 }))],
  ["a step that was not undone", SAGA, pointers("body1", withStatus("cancelled"))],
  ["a saga that is as if nothing had failed", SAGA, pointers("saga0", withStatus("complete"))],
  ["a failure that is forgotten", SAGA, pointers("body3", withStatus("complete"))],
  ["an error of the instance that is lost", SAGA, root(({ error: _, ...record }) => record)],
  ["an error of the instance from nowhere", LOOPS, root((record) => ({ ...record, error: "{}" }))],
  ["an entry that is lost", SAGA, data((of) => ({ ...of, log: of.log.slice(1) }))],
  ["an entry twice", SAGA, data((of) => ({ ...of, log: [...of.log, of.log[0] ?? ""] }))],
  ["entries in another order", SAGA, data((of) => ({ ...of, log: of.log.toReversed() }))],
  ["a count that is lost", LOOPS, data((of) => ({ ...of, counts: {} }))],
  ["a value that is lost", LOOPS, data(({ log, counts, item }) => ({ log, counts, item }))],
  ["a turn that is lost", LOOPS, pointers("while0turn", (pointer) => (pointer.seq > 2 ? undefined : pointer))],
  ["an iteration that is lost", LOOPS, pointers("body3", (pointer) => (pointer.item === '"/each2.1"' ? undefined : pointer))],
  ["an iteration of another item", LOOPS, pointers("body3", (pointer) => ({ ...pointer, item: '"/each2.7"' }))],
  [
    "a step that has run again as another pointer",
    LOOPS,
    root((record) => ({
      ...record,
      pointers: record.pointers.flatMap((pointer) =>
        pointer.stepName === "body1" ? [pointer, { ...pointer, id: `${pointer.id}x`, seq: pointer.seq + 0.5 }] : pointer,
      ),
    })),
  ],
  [
    "an event that is used twice",
    WAITS,
    (final) => ({ ...final, consumed: final.consumed.map((use) => ({ ...use, eventId: final.consumed[0]?.eventId ?? "" })) }),
  ],
  [
    "events in the wrong order",
    WAITS,
    (final) => ({
      ...final,
      consumed: final.consumed.map((use, at) => ({ ...use, eventId: final.consumed[final.consumed.length - 1 - at]?.eventId ?? "" })),
    }),
  ],
  ["a wait without its event", WAITS, (final) => ({ ...final, consumed: final.consumed.slice(1) })],
  ["an event of another key", WAITS, (final) => ({ ...final, events: final.events.map((event) => ({ ...event, key: "another" })) })],
  ["an event that was never stored", WAITS, (final) => ({ ...final, events: [] })],
  ["an instance that is terminated for no reason", LOOPS, root((record) => ({ ...record, status: "terminated" }))],
  ["an instance that is suspended for no reason", LOOPS, root((record) => ({ ...record, status: "suspended" }))],
  ["an instance that still runs", LOOPS, root((record) => ({ ...record, status: "runnable" }))],
  ["a suspended instance that is as if complete", STOPPED, root((record) => ({ ...record, status: "complete" }))],
  ["a step that is cancelled for no reason", RETRIED, pointers("body3", withStatus("cancelled"))],
  ["a step that was skipped although its condition holds", RETRIED, pointers("body3", withStatus("skipped"))],
  ["a step that ran although its condition does not hold", RETRIED, pointers("body1", withStatus("complete"))],
  ["a step that has never ended", RETRIED, pointers("body3", withStatus("running"))],
  ["the last step lost", RETRIED, pointers("if2", without)],
  ["a step of another name", RETRIED, pointers("body3", (pointer) => ({ ...pointer, stepName: "body0" }))],
  ["a failed attempt that is not recorded", RETRIED, (final) => ({ ...final, errors: new Map() })],
  [
    "a failed attempt that is recorded twice",
    RETRIED,
    (final) => ({ ...final, errors: new Map([...(final.errors ?? [])].map(([id, errors]) => [id, [...errors, ...errors]])) }),
  ],
  ["a child that is lost", CHILD, (final) => ({ ...final, records: new Map([...final.records].filter(([id]) => id === "root")) })],
  [
    "a child that was terminated for no reason",
    CHILD,
    (final) => ({
      ...final,
      records: new Map([...final.records].map(([id, record]) => [id, id === "root" ? record : { ...record, status: "terminated" }])),
    }),
  ],
  [
    "a child whose data are lost",
    CHILD,
    (final) => ({
      ...final,
      records: new Map(
        [...final.records].map(([id, record]) => [
          id,
          id === "root" ? record : { ...record, data: JSON.stringify({ log: [], counts: {}, item: "" }) },
        ]),
      ),
    }),
  ],
  [
    "a child that is started twice",
    CHILD,
    (final) => ({
      ...final,
      records: new Map(
        [...final.records].flatMap(([id, record]) =>
          id === "root"
            ? [[id, record]]
            : [
                [id, record],
                [`${id}x`, { ...record, id: `${id}x` }],
              ],
        ),
      ),
    }),
  ],
  ["something that goes on although it was called off", CALLED_OFF, pointers("wait1", withStatus("complete"))],
  ["something that is not called off", CALLED_OFF, pointers("wait1", withStatus("waitingForEvent"))],
  ["something that was called off by nobody", CALLED_OFF, pointers("raise3", withStatus("cancelled"))],
  ["something that begins behind the end", ENDED, pointers("schedule0", (pointer) => ({ ...pointer, seq: 99 }))],
  ["something that is open behind the end", ENDED, pointers("schedule0", withStatus("sleeping"))],
  ["an end that is lost", ENDED, pointers("endWorkflow", without)],
];

it.each(MUTATIONS)("sees %s", async (_, chain, mutation) => {
  const tree: Tree = { chain, eventsAtMs: [20, 40], mendedAtMs: 100, onError: { kind: "retry", max: 1 } };
  const { program, final, faults } = await runProgram(programOf(tree), 1);

  const seen = program.verdict(mutation(structuredClone(final)));

  expect(faults).toEqual([]);
  expect(seen).not.toEqual([]);
});
