import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** The grammar of `org.opencontainers.image.ref.name`. */
const REF_NAME = /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/;
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/;
/** RFC 3339. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

type Json = Readonly<Record<string, any>>;

/** What breaks the rules of an OCI image layout (image-spec 1.1) in a folder, and what no manifest leads to. Empty when it is valid and complete. */
export async function brokenLayoutRules(root: string): Promise<readonly string[]> {
  const broken: string[] = [];
  const expect = (isRight: boolean, rule: string): void => {
    if (!isRight) broken.push(rule);
  };
  const entries = (await readdir(root)).filter((name) => !name.startsWith(".")).toSorted();
  expect(JSON.stringify(entries) === JSON.stringify(["blobs", "index.json", "oci-layout"]), `the root has ${entries.join(", ")}`);
  expect(JSON.stringify(await readdir(path.join(root, "blobs"))) === '["sha256"]', "blobs has algorithms only");
  expect(JSON.parse(await readFile(path.join(root, "oci-layout"), "utf8")).imageLayoutVersion === "1.0.0", "oci-layout says its version");

  const names = new Set(await readdir(path.join(root, "blobs/sha256")));
  const reached = new Set<string>();
  /** The blob of a descriptor, which has to be right in every respect. */
  const blobOf = async (descriptor: Json, where: string): Promise<Buffer> => {
    expect(typeof descriptor["mediaType"] === "string" && MEDIA_TYPE.test(descriptor["mediaType"]), `${where}: mediaType`);
    expect(typeof descriptor["digest"] === "string" && DIGEST.test(descriptor["digest"]), `${where}: digest`);
    expect(Number.isSafeInteger(descriptor["size"]) && descriptor["size"] >= 0, `${where}: size`);
    const hex = String(descriptor["digest"]).slice("sha256:".length);
    reached.add(hex);
    const bytes = await readFile(path.join(root, "blobs/sha256", hex)).catch(() => undefined);
    expect(bytes !== undefined, `${where}: the blob ${hex} is there`);
    if (bytes === undefined) return Buffer.from("{}");
    expect(bytes.byteLength === descriptor["size"], `${where}: the size of ${hex}`);
    expect(createHash("sha256").update(bytes).digest("hex") === hex, `${where}: the bytes of ${hex}`);
    return bytes;
  };

  const index = JSON.parse(await readFile(path.join(root, "index.json"), "utf8")) as Json;
  expect(index["schemaVersion"] === 2, "index: schemaVersion");
  expect(index["mediaType"] === "application/vnd.oci.image.index.v1+json", "index: mediaType");
  expect(Array.isArray(index["manifests"]), "index: manifests");
  checkAnnotations(index["annotations"], "index", expect);
  const refNames: string[] = [];
  for (const [number, descriptor] of (index["manifests"] as Json[]).entries()) {
    const where = `manifest ${number}`;
    expect(descriptor["mediaType"] === "application/vnd.oci.image.manifest.v1+json", `${where}: mediaType of the descriptor`);
    checkAnnotations(descriptor["annotations"], where, expect);
    const refName = String(descriptor["annotations"]?.["org.opencontainers.image.ref.name"]);
    refNames.push(refName);
    expect(REF_NAME.test(refName), `${where}: ref.name ${refName}`);
    expect(INSTANT.test(String(descriptor["annotations"]?.["org.opencontainers.image.created"])), `${where}: created`);
    const manifest = JSON.parse((await blobOf(descriptor, where)).toString("utf8")) as Json;
    expect(manifest["schemaVersion"] === 2, `${where}: schemaVersion`);
    expect(manifest["mediaType"] === descriptor["mediaType"], `${where}: mediaType`);
    expect(MEDIA_TYPE.test(String(manifest["artifactType"])) && manifest["artifactType"] === descriptor["artifactType"], `${where}: artifactType`);
    expect(manifest["config"]?.mediaType === "application/vnd.oci.empty.v1+json", `${where}: the config is the empty one`);
    expect(
      manifest["config"]?.digest === "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      `${where}: digest of the config`,
    );
    await blobOf(manifest["config"] ?? {}, `${where}: config`);
    expect(manifest["layers"]?.length === 1, `${where}: one layer`);
    for (const layer of (manifest["layers"] ?? []) as Json[]) {
      await blobOf(layer, `${where}: layer`);
      expect(layer["digest"] === `sha256:${refName}`, `${where}: its name is the digest of the layer`);
    }
  }
  expect(new Set(refNames).size === refNames.length, "index: every name once");
  reached.add("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  for (const name of names) expect(reached.has(name), `nothing leads to the blob ${name}`);
  return broken;
}

function checkAnnotations(annotations: unknown, where: string, expect: (isRight: boolean, rule: string) => void): void {
  for (const [key, value] of Object.entries((annotations ?? {}) as Json)) {
    expect(/^[a-z0-9]+(?:\.[a-z0-9-]+){2,}$/.test(key), `${where}: the key ${key} is of a reversed domain`);
    expect(typeof value === "string", `${where}: the value of ${key} is a text`);
  }
}
