import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../src/errors/error-codes.ts";
import { WfeError } from "../../src/errors/wfe-error.ts";
import { failureOf } from "../../src/executor/failure.ts";
import { Payloads } from "../../src/runtime/payloads.ts";

const root = new URL("../../../../", import.meta.url);
const QUOTED_CODE = /(?<=")WFE_[A-Z_]+(?=")/g;

function documented(): readonly string[] {
  const text = readFileSync(new URL("docs/errors.md", root), "utf8");
  return [...text.matchAll(/^\| `(WFE_[A-Z_]+)`/gm)].map((match) => match[1] ?? "");
}

/** The rows of its tables: the code, the mark of those that are never retried, and the last column. */
function rows(): readonly { readonly code: string; readonly final: boolean; readonly retryable: string }[] {
  const text = readFileSync(new URL("docs/errors.md", root), "utf8");
  return [...text.matchAll(/^\| `(WFE_[A-Z_]+)`( ¹)? .*\| +([^|]*?) +\|$/gm)].map(([, code = "", mark, retryable = ""]) => ({
    code,
    final: mark !== undefined,
    retryable,
  }));
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

  it("is documented with whether to try again", () => {
    expect(rows()).toHaveLength(ERROR_CODES.length);
    expect(rows().filter(({ retryable }) => !/^(yes|no|as the cause)\b/.test(retryable))).toEqual([]);
  });

  it("is documented with which failures of a step are never retried", () => {
    const payloads = new Payloads();
    const final = ERROR_CODES.filter((code) => !failureOf(new WfeError(code, "no"), payloads).retryable);

    expect(
      rows()
        .flatMap(({ code, final: marked }) => (marked ? [code] : []))
        .toSorted(),
    ).toEqual(final.toSorted());
  });

  it("has no code that nothing uses, and the sources use no other", () => {
    expect([...named()].toSorted()).toEqual([...ERROR_CODES].toSorted());
  });
});
