import { assert } from "./assert.ts";
import { all, type ArtifactContext, bytesOf, digestOf, digestsOf, hasCode, hasNot, holds, infoOf } from "./artifact-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

/** How long artifacts stay, and who keeps them. */
export const ARTIFACT_KEEPING_CASES: readonly SuiteCase<ArtifactContext>[] = [
  {
    name: "lets an artifact expire, for every method, swept or not",
    async run(context) {
      const store = await context.start({ expiryMs: 8 * context.unitMs });
      const { digest, createdAt, expiresAt } = await store.put(bytesOf("short-lived"));
      assert.equal(expiresAt?.getTime(), createdAt.getTime() + 8 * context.unitMs);

      await context.elapse(9);

      await hasNot(store, digest, "it has expired");
      await store.sweep();
      await hasNot(store, digest, "it is removed");
    },
  },
  {
    name: "counts the expiry from the last put (fault 79)",
    async run(context) {
      const store = await context.start({ expiryMs: 20 * context.unitMs });
      await store.put(bytesOf("used"));
      await context.elapse(12);
      await store.put(bytesOf("used"));
      await context.elapse(12);

      await store.sweep();

      await holds(store, bytesOf("used"), "12 of 20 units are over since the second put");
    },
  },
  {
    name: "takes a put after the expiry for the first (fault 79)",
    async run(context) {
      const [first, second] = [await context.start({ expiryMs: 2 * context.unitMs }), await context.start()];
      const before = await first.put(bytesOf("again"), { mediaType: "text/plain" });
      await context.elapse(3);

      const after = await second.put(bytesOf("again"), { mediaType: "application/json" });
      await first.sweep();

      assert.ok(after.createdAt > before.createdAt, "it is a new one");
      assert.equal(after.mediaType, "application/json");
      await holds(first, bytesOf("again"), "what was put again is there");
    },
  },
  {
    name: "brings no expiry forward",
    async run(context) {
      const [short, long] = [await context.start({ expiryMs: 2 * context.unitMs }), await context.start({ expiryMs: "never" })];
      await long.put(bytesOf("long"));
      const { expiresAt } = await short.put(bytesOf("long"));

      await context.elapse(3);

      assert.equal(expiresAt, undefined, "it was put without an expiry");
      await holds(short, bytesOf("long"), "it was put without an expiry");
    },
  },
  {
    name: "keeps what is pinned beyond its expiry, until the pins end (fault 80)",
    async run(context) {
      const [first, second] = [await context.start({ expiryMs: 8 * context.unitMs }), await context.start()];
      const { digest } = await first.put(bytesOf("kept"));
      assert.deepEqual(await second.pin([digest], "workflow"), [digest]);
      await context.elapse(9);

      await first.sweep();
      await holds(first, bytesOf("kept"), "it is pinned");
      assert.deepEqual(await digestsOf(second), [digest]);
      await second.unpin(["workflow"]);

      await hasNot(first, digest, "it has expired, and its pin has ended");
    },
  },
  {
    name: "pins in the same moment as it puts (fault 80)",
    async run(context) {
      const store = await context.start({ expiryMs: 0 });

      const info = await store.put(bytesOf("at once"), { pinnedBy: "workflow" });
      await store.sweep();

      assert.deepEqual(info.pinnedBy, ["workflow"]);
      await holds(store, bytesOf("at once"), "it is pinned, though it expires at once");
      assert.deepEqual(await infoOf(store, info.digest), info);
    },
  },
  {
    name: "says which artifacts it has pinned",
    async run(context) {
      const store = await context.start();
      const { digest: a } = await store.put(bytesOf("a"));
      const { digest: b } = await store.put(bytesOf("b"));

      const pinned = await store.pin([b, digestOf(bytesOf("never put")), a, b], "workflow");

      assert.deepEqual(pinned.toSorted(), [a, b].toSorted());
      assert.deepEqual((await infoOf(store, a)).pinnedBy, ["workflow"]);
      assert.deepEqual(await store.pin([], "workflow"), []);
    },
  },
  {
    name: "has no count of pins: pinned twice is pinned, unpinned once is not",
    async run(context) {
      const store = await context.start();
      const { digest } = await store.put(bytesOf("twice"), { pinnedBy: "a" });
      await store.pin([digest], "a");
      await store.pin([digest, digest], "b");

      await store.unpin(["a", "nobody"]);
      const left = await infoOf(store, digest);
      await store.unpin([]);
      await store.unpin(["b", "b"]);

      assert.deepEqual(left.pinnedBy, ["b"]);
      assert.deepEqual((await infoOf(store, digest)).pinnedBy, []);
    },
  },
  {
    name: "takes any text of 1 to 255 characters for an owner",
    async run(context) {
      const store = await context.start();
      const owners = ["__proto__", "constructor", "\u0000", " ", "a/b", "\ud800", "é", "e\u0301", '"]', "x".repeat(255)];

      const { digest } = await store.put(bytesOf("owned"));
      for (const owner of owners) await store.pin([digest], owner);
      const named = (await infoOf(store, digest)).pinnedBy;
      await store.unpin(owners.slice(1));

      assert.deepEqual(named, owners.toSorted());
      assert.deepEqual((await infoOf(store, digest)).pinnedBy, ["__proto__"]);
    },
  },
  {
    name: "lists the owners whose first pin is older than a time",
    async run(context) {
      const store = await context.start();
      const { digest: a } = await store.put(bytesOf("a"), { pinnedBy: "old" });
      const { digest: b } = await store.put(bytesOf("b"), { pinnedBy: "old" });
      await store.pin([a], "gone");
      await store.unpin(["gone"]);
      await context.elapse(2);
      const between = new Date(context.now());
      await context.elapse(2);
      await store.pin([a, b], "old");
      await store.pin([a], "new");
      await context.elapse(2);

      assert.deepEqual(await all(store.owners({ pinnedBefore: between })), ["old"]);
      assert.deepEqual((await all(store.owners({ pinnedBefore: new Date(context.now()) }))).toSorted(), ["new", "old"]);
      assert.deepEqual(await all(store.owners({ pinnedBefore: new Date(0) })), []);
    },
  },
  {
    name: "refuses to delete what somebody keeps",
    async run(context) {
      const store = await context.start();
      const { digest } = await store.put(bytesOf("kept"), { pinnedBy: "workflow" });

      await assert.rejects(store.delete(digest), hasCode("WFE_ARTIFACT_PINNED"));
      await holds(store, bytesOf("kept"), "it is there still");
      await store.unpin(["workflow"]);

      assert.equal(await store.delete(digest), true);
    },
  },
  {
    name: "deletes an artifact once",
    async run(context) {
      const [first, second] = await context.startTwo();
      const { digest } = await first.put(bytesOf("deleted"));
      await first.put(bytesOf("other"));

      const answers = await Promise.all([first.delete(digest), second.delete(digest), first.delete(digest)]);

      assert.equal(answers.filter(Boolean).length, 1);
      await hasNot(second, digest, "it is deleted");
      await holds(second, bytesOf("other"), "others stay");
    },
  },
  {
    name: "has again what is put after its deletion",
    async run(context) {
      const [first, second] = await context.startTwo();
      for (let round = 0; round < 3; round += 1) {
        const { digest } = await first.put(bytesOf("again"));
        assert.equal(await second.delete(digest), true);
      }

      await second.put(bytesOf("again"));
      await first.sweep();

      await holds(first, bytesOf("again"), "it was put again");
    },
  },
  {
    name: "lists all artifacts in order of their digests",
    async run(context) {
      const store = await context.start();
      const infos = await Promise.all(Array.from({ length: 20 }, (_, index) => store.put(bytesOf(`listed ${index}`))));

      const listed = await all(store.list());

      assert.deepEqual(
        listed,
        infos.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
      );
    },
  },
  {
    name: "sweeps what has expired and is not pinned, and says how much",
    async run(context) {
      const [short, long] = [await context.start({ expiryMs: 2 * context.unitMs }), await context.start()];
      await short.put(bytesOf("a", 1000));
      await short.put(bytesOf("b", 500));
      await short.put(bytesOf("pinned"), { pinnedBy: "workflow" });
      await long.put(bytesOf("long"));
      await context.elapse(3);

      const first = await long.sweep();
      const second = await long.sweep();

      assert.deepEqual(first, { artifacts: 2, bytes: 1500 });
      assert.deepEqual(second, { artifacts: 0, bytes: 0 });
      assert.deepEqual(await digestsOf(long), [digestOf(bytesOf("pinned")), digestOf(bytesOf("long"))].toSorted());
    },
  },
  {
    name: "loses nothing that is put or pinned while others sweep and delete (fault 79)",
    async run(context) {
      const [first, second] = [await context.start({ expiryMs: 0 }), await context.start()];
      const contents = Array.from({ length: 10 }, (_, index) => bytesOf(`contested ${index}`));

      for (let round = 0; round < 3; round += 1) {
        await Promise.all(contents.map((bytes) => first.put(bytes)));
        await Promise.all([
          ...contents.map((bytes, index) => second.put(bytes, index % 2 === 0 ? {} : { pinnedBy: `round ${round}` })),
          first.sweep(),
          first.sweep(),
          ...contents.map((bytes) => first.delete(digestOf(bytes)).catch(() => false)),
        ]);
        await Promise.all(contents.map((bytes) => second.put(bytes)));
        await first.sweep();

        for (const bytes of contents) await holds(first, bytes, "it was put after all deletions");
        await second.unpin([`round ${round}`]);
      }
    },
  },
];
