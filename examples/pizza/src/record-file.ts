import { closeSync, openSync, readFileSync, writeSync } from "node:fs";

/**
 * A file of JSON lines that is only ever appended to. Each append is one synchronous write, so a record is in the file (though perhaps
 * not yet on the disk: SIGKILL does not take it back) before the caller goes on.
 */
export class RecordFile<T extends object> {
  readonly #fd: number;

  constructor(path: string) {
    this.#fd = openSync(path, "a");
    // The process before may have been killed in the middle of a line.
    writeSync(this.#fd, "\n");
  }

  append(record: T): void {
    writeSync(this.#fd, `${JSON.stringify(record)}\n`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** All records of a file, in the order they were written; none when there is no file. A line that a kill cut off is left out. */
export function readRecords<T extends object>(path: string): readonly T[] {
  return textOf(path)
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as T]; // written by append alone
      } catch {
        return [];
      }
    });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
