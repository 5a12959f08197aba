import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/errors/error-codes.ts";

const root = new URL("../../../../", import.meta.url);
const QUOTED_CODE = /(?<=")WFE_[A-Z_]+(?=")/g;

function documented(): readonly string[] {
  const text = readFileSync(new URL("docs/errors.md", root), "utf8");
  return [...text.matchAll(/^\| `(WFE_[A-Z_]+)`/gm)].map((match) => match[1] ?? "");
}

/** Codes that the sources name, besides the catalogue itself. */
function named(): ReadonlySet<string> {
  const packages = new URL("packages/", root);
  const files = readdirSync(packages).flatMap((name) => {
    const source = new URL(`${name}/src/`, packages);
    return readdirSync(source, { recursive: true, encoding: "utf8" }).map((file) => new URL(file, source));
  });
  const sources = files.filter(({ pathname }) => pathname.endsWith(".ts") && !pathname.endsWith("/error-codes.ts"));
  return new Set(sources.flatMap((file) => readFileSync(file, "utf8").match(QUOTED_CODE) ?? []));
}

describe("the catalogue of error codes", () => {
  it("names each code once", () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  });

  it("is documented whole in docs/errors.md, which has no other code", () => {
    expect(documented().toSorted()).toEqual([...ERROR_CODES].toSorted());
  });

  it("has no code that nothing uses, and the sources use no other", () => {
    expect([...named()].toSorted()).toEqual([...ERROR_CODES].toSorted());
  });
});
