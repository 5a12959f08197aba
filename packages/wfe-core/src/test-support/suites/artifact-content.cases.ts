import { assert } from "./assert.ts";
import type { ArtifactDigest } from "../../models/artifact.ts";
import type { ArtifactStore } from "../../traits/artifact-store.ts";
import { all, type ArtifactContext, bytesOf, digestOf, digestsOf, hasCode, hasNot, holds, infoOf, read } from "./artifact-steps.ts";
import type { SuiteCase } from "./suite-case.ts";

const NO_DIGESTS = [
  "",
  "sha256:",
  "../../etc/passwd",
  "sha256:../../../../etc/passwd",
  `sha256:${"a".repeat(63)}`,
  `sha256:${"a".repeat(65)}`,
  `sha256:${"A".repeat(64)}`,
  `sha256:${"a".repeat(63)}/`,
  `sha512:${"a".repeat(128)}`,
  "a".repeat(64),
  `sha256:${"a".repeat(64)}\n`,
  undefined,
  { __wfe_artifact: `sha256:${"a".repeat(64)}` },
] as readonly ArtifactDigest[];

/** Puts content that fails, and asserts that nothing is left of it. */
async function leavesNothing(store: ArtifactStore, put: Promise<unknown>, error: (error: unknown) => boolean): Promise<void> {
  await assert.rejects(put, error);
  assert.deepEqual(await all(store.list()), [], "nothing is left");
}

/** What is put is what comes back. */
export const ARTIFACT_CONTENT_CASES: readonly SuiteCase<ArtifactContext>[] = [
  {
    name: "gives back the bytes that were put, of any size",
    async run(context) {
      const [first, second] = await context.startTwo();

      for (const size of [0, 1, 65_535, 65_536, 65_537, 1_500_000]) {
        const bytes = bytesOf("any", size);
        const info = await first.put(bytes);

        assert.equal(info.digest, digestOf(bytes), `${size} bytes are named by their SHA-256`);
        assert.equal(info.size, size);
        await holds(second, bytes, `${size} bytes are there through another instance`);
      }
    },
  },
  {
    name: "takes content in pieces of any size, each of which may be used again by its giver",
    async run(context) {
      const store = await context.start();
      const bytes = bytesOf("pieces", 300_000);
      async function* pieces(): AsyncGenerator<Uint8Array> {
        const piece = new Uint8Array(100_000);
        for (
          let start = 0, size = 1;
          start < bytes.byteLength;
          start += size, size = Math.min(size * 3, bytes.byteLength - start, piece.byteLength)
        ) {
          piece.set(bytes.subarray(start, start + size));
          yield piece.subarray(0, size);
          yield new Uint8Array();
          piece.fill(0);
        }
      }

      const info = await store.put(pieces());

      assert.equal(info.digest, digestOf(bytes));
      await holds(store, bytes, "pieces are joined");
    },
  },
  {
    name: "keeps copies: what callers do to their arrays changes nothing",
    async run(context) {
      const store = await context.start();
      const bytes = bytesOf("mine");
      const mine = Uint8Array.from(bytes);

      const { digest } = await store.put(mine);
      mine.fill(0);
      for (const piece of await all(store.get(digest))) piece.fill(0);

      await holds(store, bytes, "the store has its own");
    },
  },
  {
    name: "stores the same bytes once, and keeps what was first said of them",
    async run(context) {
      const [first, second] = await context.startTwo();
      const before = await first.put(bytesOf("same"), { mediaType: "text/plain", pinnedBy: "a" });
      await context.elapse(1);

      const after = await second.put(bytesOf("same"), { mediaType: "application/json", pinnedBy: "b" });

      assert.equal(after.digest, before.digest);
      assert.equal(after.mediaType, "text/plain");
      assert.deepEqual(after.createdAt, before.createdAt);
      assert.deepEqual(after.pinnedBy, ["a", "b"]);
      assert.deepEqual(await all(first.list()), [after]);
    },
  },
  {
    name: "keeps the media type, a layer's by default",
    async run(context) {
      const store = await context.start();

      const layer = await store.put(bytesOf("layer"));
      const json = await store.put(bytesOf("json"), { mediaType: "application/vnd.example.a-b+json" });

      assert.equal(layer.mediaType, "application/vnd.oci.image.layer.v1.tar+gzip");
      assert.equal((await infoOf(store, json.digest)).mediaType, "application/vnd.example.a-b+json");
    },
  },
  {
    name: "reads anew at every iteration, which may be left early",
    async run(context) {
      const store = await context.start();
      const bytes = bytesOf("twice", 1_000_000);
      const { digest } = await store.put(bytes);
      const content = store.get(digest);

      for await (const piece of content) {
        assert.ok(piece.byteLength > 0);
        break;
      }

      assert.ok(Buffer.concat(await all(content)).equals(bytes), "all of it the second time");
      assert.ok(Buffer.concat(await all(content)).equals(bytes), "and the third");
    },
  },
  {
    name: "says that there is no such artifact",
    async run(context) {
      const store = await context.start();
      await store.put(bytesOf("another"));

      await hasNot(store, digestOf(bytesOf("never put")), "it was never put");
    },
  },
  {
    name: "refuses what is no digest (fault 71)",
    async run(context) {
      const store = await context.start();
      const refusal = hasCode("WFE_ARTIFACT_REF_INVALID");

      for (const digest of NO_DIGESTS) {
        assert.throws(() => store.get(digest), refusal, `get of ${String(digest)}`);
        await assert.rejects(store.stat(digest), refusal, `stat of ${String(digest)}`);
        await assert.rejects(store.delete(digest), refusal, `delete of ${String(digest)}`);
        await assert.rejects(store.pin([digestOf(bytesOf("a")), digest], "a"), refusal, `pin of ${String(digest)}`);
      }
    },
  },
  {
    name: "refuses what is larger than its limit, and leaves nothing of it",
    async run(context) {
      const store = await context.start({ maxBlobBytes: 1000 });
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (let block = 0; ; block += 1) yield bytesOf(`endless ${block}`);
      }

      await leavesNothing(store, store.put(bytesOf("large", 1001)), hasCode("WFE_ARTIFACT_TOO_LARGE"));
      await leavesNothing(store, store.put(endless()), hasCode("WFE_ARTIFACT_TOO_LARGE"));

      await store.put(bytesOf("just right", 1000));
    },
  },
  {
    name: "passes on what the content throws, and leaves nothing of it",
    async run(context) {
      const store = await context.start();
      const failure = new Error("no more of it");
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield bytesOf("start", 100_000);
        throw failure;
      }

      await leavesNothing(store, store.put(failing()), (error) => error === failure);
    },
  },
  {
    name: "calls a put off by its signal, also while the content keeps it waiting",
    async run(context) {
      const store = await context.start();
      const reason = new Error("called off");
      const controller = new AbortController();
      async function* waiting(): AsyncGenerator<Uint8Array> {
        yield bytesOf("start", 100_000);
        controller.abort(reason);
        await new Promise(() => {});
      }

      await leavesNothing(store, store.put(waiting(), { signal: controller.signal }), (error) => error === reason);
      await leavesNothing(store, store.put(bytesOf("late"), { signal: controller.signal }), (error) => error === reason);
    },
  },
  {
    name: "refuses wrong arguments before it reads the content",
    async run(context) {
      const store = await context.start();
      let isRead = false;
      async function* content(): AsyncGenerator<Uint8Array> {
        isRead = true;
        yield bytesOf("read");
      }

      for (const mediaType of ["", "text", "text/", "text/plain; charset=utf-8", "a b/c", "../x/y"]) {
        await assert.rejects(store.put(content(), { mediaType }), RangeError, `the media type ${JSON.stringify(mediaType)}`);
      }
      for (const owner of ["", "x".repeat(256)]) {
        await assert.rejects(store.put(content(), { pinnedBy: owner }), RangeError, "an owner has 1 to 255 characters");
        await assert.rejects(store.pin([], owner), RangeError, "an owner has 1 to 255 characters");
      }

      assert.equal(isRead, false, "the content is not read");
      await assert.rejects(store.put("text" as never), TypeError, "a text has no bytes");
      assert.deepEqual(await digestsOf(store), []);
    },
  },
  {
    name: "does many puts and reads at the same moment",
    async run(context) {
      const [first, second] = await context.startTwo();
      const contents = Array.from({ length: 60 }, (_, index) => bytesOf(`many ${index % 50}`, 1000 + (index % 50)));

      await Promise.all(contents.map((bytes, index) => (index % 2 === 0 ? first : second).put(bytes, { pinnedBy: `owner ${index}` })));
      const found = await Promise.all(contents.map((bytes, index) => read(index % 2 === 0 ? second : first, digestOf(bytes))));

      for (const [index, bytes] of contents.entries()) assert.deepEqual(found[index], bytes, "each has its own bytes");
      const infos = await all(first.list());
      assert.equal(infos.length, 50, "10 were put twice");
      assert.equal(new Set(infos.flatMap(({ pinnedBy }) => pinnedBy)).size, 60, "every owner has a pin");
    },
  },
  {
    name: "gives no damaged bytes for an artifact (fault 74)",
    requires: ["damage"],
    async run(context) {
      const store = await context.start();
      const sizes = [1, 1000, 500_000];
      for (const size of sizes) await store.put(bytesOf("damaged", size));

      for (const size of sizes) {
        const digest = digestOf(bytesOf("damaged", size));
        await context.damage(digest);
        await assert.rejects(read(store, digest), hasCode("WFE_ARTIFACT_CORRUPT"), `one bit of ${size} bytes is another`);
      }
      await store.put(bytesOf("damaged", 1000));

      await holds(store, bytesOf("damaged", 1000), "a put makes it good");
    },
  },
];
