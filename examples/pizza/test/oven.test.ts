import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Oven } from "../src/oven.ts";

describe("Oven", () => {
  let folder: string;
  let path: string;
  const announced: string[] = [];
  const failed = vi.fn();
  const open = (announce: (id: string) => Promise<void> = async (id) => void announced.push(id)) => new Oven(path, { announce, failed, bakingMs: 1 });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "wfe-oven-test-"));
    path = join(folder, "oven.jsonl");
    announced.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("announces after a restart what was inside when its process was killed", async () => {
    open(() => new Promise(() => undefined)).put("order-0000"); // never answered: as if killed meanwhile

    const next = open();
    next.resume();

    await vi.waitFor(() => expect(announced).toEqual(["order-0000"]), { timeout: 10_000 });
    next.close();
  });

  it("announces nothing after a restart when everything was announced", async () => {
    const before = open();
    before.put("order-0000");
    await vi.waitFor(() => expect(announced).toEqual(["order-0000"]), { timeout: 10_000 });
    before.close();

    const next = open();
    next.resume();
    next.put("order-0007");

    await vi.waitFor(() => expect(announced).toEqual(["order-0000", "order-0007"]), { timeout: 10_000 });
    next.close();
  });
});
