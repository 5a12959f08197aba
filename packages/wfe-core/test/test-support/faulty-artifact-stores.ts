import { InMemoryArtifacts, InMemoryArtifactStore } from "../../src/test-support/in-memory/in-memory-artifact-store.ts";
import type { ArtifactStoreSuiteTarget } from "../../src/test-support/suites/artifact-store-suite.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { isArtifactDigest } from "../../src/models/artifact.ts";
import type { ArtifactContent, ArtifactStore, PutArtifactOptions } from "../../src/traits/artifact-store.ts";
import { altered, type Change } from "./faulty-provider.ts";

type Put = (content: ArtifactContent, options?: PutArtifactOptions) => ReturnType<ArtifactStore["put"]>;

/** What a fault can use to be wrong. */
interface ArtifactFaultSetting {
  readonly clock: VirtualClock;
  readonly artifacts: InMemoryArtifacts;
}

/** A deliberate fault of a store of artifacts. */
export interface ArtifactFault {
  /** What is wrong, as a sentence. */
  readonly fault: string;
  readonly make: (setting: ArtifactFaultSetting) => Change<ArtifactStore>;
}

/** In-memory artifacts in virtual time with a fault around them. */
export function faultyArtifactStoreTarget(fault: ArtifactFault): ArtifactStoreSuiteTarget {
  return {
    capabilities: ["damage"],
    async createStore() {
      const clock = new VirtualClock();
      const artifacts = new InMemoryArtifacts();
      const change = fault.make({ clock, artifacts });
      return {
        async open({ expiryMs = 1e9, maxBlobBytes } = {}) {
          const good = new InMemoryArtifactStore({ artifacts, clock, expiry: expiryMs, ...(maxBlobBytes === undefined ? {} : { maxBlobBytes }) });
          return altered<ArtifactStore>(good, change(good));
        },
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        damage: async (digest) => artifacts.damage(digest),
        dispose: async () => {},
      };
    },
  };
}

/** A fault in how things are put. */
function puts(change: (put: Put, store: ArtifactStore, setting: ArtifactFaultSetting) => Put): ArtifactFault["make"] {
  return (setting) => (good) => ({ put: change((content, options) => good.put(content, options), good, setting) });
}

/** A fault of what is kept of an artifact that is put. */
function keeps(change: (kept: Kept, before: Kept | undefined) => Partial<Kept>): ArtifactFault["make"] {
  return puts((put, store, { artifacts }) => async (content, options) => {
    const earlier = new Map(artifacts.kept);
    const info = await put(content, options);
    const { digest } = info;
    const kept = artifacts.kept.get(digest);
    if (kept !== undefined) artifacts.kept.set(digest, { ...kept, ...change(kept, earlier.get(digest)) });
    return (await store.stat(digest)) ?? info;
  });
}

type Kept = InMemoryArtifacts["kept"] extends Map<string, infer T> ? T : never;

/** All bytes of some content. */
async function collected(content: ArtifactContent, mayCopy: boolean): Promise<Uint8Array> {
  if (content instanceof Uint8Array) return content;
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(mayCopy ? piece.slice() : piece);
  return Buffer.concat(pieces);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** One deliberate fault for every case of the artifact suite, by the name of the case. */
export const ARTIFACT_FAULTS: Readonly<Record<string, ArtifactFault>> = {
  "gives back the bytes that were put, of any size": {
    fault: "stores whole blocks only",
    make: puts((put) => async (content, options) => {
      const bytes = await collected(content, true);
      return await put(bytes.byteLength % 65_536 === 1 && bytes.byteLength > 1 ? bytes.subarray(1) : bytes, options);
    }),
  },
  "takes content in pieces of any size, each of which may be used again by its giver": {
    fault: "keeps pieces of content that are not its own",
    make: puts((put) => async (content, options) => await put(await collected(content, false), options)),
  },
  "keeps copies: what callers do to their arrays changes nothing": {
    fault: "gives its own bytes away",
    make:
      ({ artifacts }) =>
      () => ({ get: (digest) => once(artifacts.kept.get(digest)?.bytes ?? new Uint8Array()) }),
  },
  "stores the same bytes once, and keeps what was first said of them": {
    fault: "takes the media type of the last put",
    make: puts((put, store, { artifacts }) => async (content, options) => {
      const { digest } = await put(content, options);
      const kept = artifacts.kept.get(digest);
      if (kept !== undefined) artifacts.kept.set(digest, { ...kept, mediaType: options?.mediaType ?? kept.mediaType });
      return (await store.stat(digest)) ?? (await put(content, options));
    }),
  },
  "keeps the media type, a layer's by default": {
    fault: "takes everything for bytes",
    make: puts((put) => (content, options) => put(content, { ...options, mediaType: "application/octet-stream" })),
  },
  "reads anew at every iteration, which may be left early": {
    fault: "reads once",
    make: () => (good) => ({ get: (digest) => good.get(digest)[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array> }),
  },
  "says that there is no such artifact": {
    fault: "gives no bytes for what is not there",
    make:
      ({ artifacts }) =>
      (good) => ({ get: (digest) => (artifacts.kept.has(digest) ? good.get(digest) : once(new Uint8Array())) }),
  },
  "refuses what is no digest (fault 71)": {
    fault: "looks for whatever it is given",
    make: () => (good) => ({ stat: async (digest) => (isArtifactDigest(digest) ? await good.stat(digest) : undefined) }),
  },
  "refuses what is larger than its limit, and leaves nothing of it": {
    fault: "keeps the part of it that is within the limit",
    make: puts((put) => async (content, options) => {
      try {
        return await put(content, options);
      } catch (error) {
        await put(new Uint8Array(1000), options);
        throw error;
      }
    }),
  },
  "passes on what the content throws, and leaves nothing of it": {
    fault: "takes an error of the content for its end",
    make: puts((put) => async (content, options) => {
      async function* untilItFails(): AsyncGenerator<Uint8Array> {
        try {
          if (!(content instanceof Uint8Array)) yield* content;
        } catch {
          // that is the fault
        }
      }
      return await put(content instanceof Uint8Array ? content : untilItFails(), options);
    }),
  },
  "calls a put off by its signal, also while the content keeps it waiting": {
    fault: "looks at the signal only while it waits",
    make: puts(
      (put) =>
        async (content, { signal, ...options } = {}) =>
          await put(content, content instanceof Uint8Array ? options : { ...options, ...(signal && { signal }) }),
    ),
  },
  "refuses wrong arguments before it reads the content": {
    fault: "reads first",
    make: puts((put) => async (content, options) => await put(typeof content === "object" ? await collected(content, true) : content, options)),
  },
  "does many puts and reads at the same moment": {
    fault: "lets the last of several puts at the same moment have the pins",
    make: keeps((kept) => ({ pins: new Map([...kept.pins].slice(0, 1)) })),
  },
  "gives no damaged bytes for an artifact (fault 74)": {
    fault: "does not verify what it reads",
    make:
      ({ artifacts }) =>
      (good) => ({ get: (digest) => (artifacts.kept.has(digest) ? once(artifacts.kept.get(digest)?.bytes ?? new Uint8Array()) : good.get(digest)) }),
  },
  "lets an artifact expire, for every method, swept or not": {
    fault: "pins what has expired and is not swept",
    make:
      ({ artifacts }) =>
      () => ({ pin: async (digests) => digests.filter((digest) => artifacts.kept.has(digest)) }),
  },
  "counts the expiry from the last put (fault 79)": {
    fault: "counts the expiry from the first put",
    make: keeps((kept, before) => ({ expiresAt: before === undefined ? kept.expiresAt : before.expiresAt })),
  },
  "takes a put after the expiry for the first (fault 79)": {
    fault: "finds the bytes that have expired and keeps their expiry",
    make: keeps((kept, before) => ({ expiresAt: before?.expiresAt ?? kept.expiresAt })),
  },
  "brings no expiry forward": {
    fault: "lets the last put say the expiry",
    make: puts((put, store, { artifacts }) => async (content, options) => {
      const bytes = await collected(content, true);
      const kept = new Map(artifacts.kept);
      artifacts.kept.clear();
      const info = await put(bytes, options);
      for (const [digest, artifact] of kept) if (digest !== info.digest) artifacts.kept.set(digest, artifact);
      return (await store.stat(info.digest)) ?? info;
    }),
  },
  "keeps what is pinned beyond its expiry, until the pins end (fault 80)": {
    fault: "sweeps what has expired, pinned or not",
    make:
      ({ artifacts, clock }) =>
      (good) => ({
        async sweep() {
          for (const [digest, { expiresAt }] of artifacts.kept) if ((expiresAt ?? Infinity) <= clock.now()) artifacts.kept.delete(digest);
          return await good.sweep();
        },
      }),
  },
  "pins in the same moment as it puts (fault 80)": {
    fault: "pins after it has put",
    make: puts((put, store) => async (content, { pinnedBy, ...options } = {}) => {
      const info = await put(content, options);
      if (pinnedBy !== undefined) await store.pin([info.digest], pinnedBy);
      return info;
    }),
  },
  "says which artifacts it has pinned": {
    fault: "says that it has pinned what is not there",
    make: () => (good) => ({
      async pin(digests, owner) {
        await good.pin(digests, owner);
        return digests;
      },
    }),
  },
  "has no count of pins: pinned twice is pinned, unpinned once is not": {
    fault: "counts pins",
    make: () => {
      const counts = new Map<string, number>();
      const count = (owner: string, by: number): number => {
        counts.set(owner, (counts.get(owner) ?? 0) + by);
        return counts.get(owner) ?? 0;
      };
      return (good) => ({
        async put(content, options) {
          if (options?.pinnedBy !== undefined) count(options.pinnedBy, 1);
          return await good.put(content, options);
        },
        async pin(digests, owner) {
          count(owner, 1);
          return await good.pin(digests, owner);
        },
        unpin: async (owners) => await good.unpin(owners.filter((owner) => count(owner, -1) <= 0)),
      });
    },
  },
  "takes any text of 1 to 255 characters for an owner": {
    fault: "takes texts that look alike for one owner",
    make: () => (good) => ({ pin: async (digests, owner) => await good.pin(digests, owner.normalize("NFC")) }),
  },
  "lists the owners whose first pin is older than a time": {
    fault: "goes by the last pin",
    make:
      ({ artifacts, clock }) =>
      (good) => ({
        async pin(digests, owner) {
          const pinned = await good.pin(digests, owner);
          for (const artifact of artifacts.kept.values()) {
            if (artifact.pins.has(owner))
              artifacts.kept.set(artifact.digest, { ...artifact, pins: new Map([...artifact.pins, [owner, clock.now()]]) });
          }
          return pinned;
        },
      }),
  },
  "refuses to delete what somebody keeps": {
    fault: "deletes what somebody keeps",
    make:
      ({ artifacts }) =>
      () => ({ delete: async (digest) => artifacts.kept.delete(digest) }),
  },
  "deletes an artifact once": {
    fault: "says of every deletion that it did something",
    make: () => (good) => ({ delete: async (digest) => (await good.delete(digest)) || true }),
  },
  "has again what is put after its deletion": {
    fault: "remembers what was deleted, and sweeps it",
    make: ({ artifacts }) => {
      const deleted = new Set<string>();
      return (good) => ({
        async delete(digest) {
          deleted.add(digest);
          return await good.delete(digest);
        },
        async sweep() {
          for (const digest of deleted) artifacts.kept.delete(digest);
          return await good.sweep();
        },
      });
    },
  },
  "lists all artifacts in order of their digests": {
    fault: "lists artifacts in the order of their puts",
    make:
      ({ artifacts }) =>
      (good) => ({
        async *list() {
          for (const { digest } of artifacts.kept.values()) {
            const info = await good.stat(digest);
            if (info !== undefined) yield info;
          }
        },
      }),
  },
  "sweeps what has expired and is not pinned, and says how much": {
    fault: "counts what it keeps with what it sweeps",
    make:
      ({ artifacts }) =>
      (good) => ({
        async sweep() {
          const { bytes } = await good.sweep();
          return { artifacts: artifacts.kept.size, bytes };
        },
      }),
  },
  "loses nothing that is put or pinned while others sweep and delete (fault 79)": {
    fault: "sweeps late what it has seen expired",
    make: ({ artifacts, clock }) => {
      const seen = new Set<string>();
      return (good) => ({
        async sweep() {
          for (const [digest, { expiresAt }] of artifacts.kept) if ((expiresAt ?? Infinity) <= clock.now()) seen.add(digest);
          for (const digest of [...seen]) artifacts.kept.delete(digest);
          return await good.sweep();
        },
      });
    },
  },
};
