import { describe, expect, it } from "vitest";
import { parseCommand, UsageError } from "../src/command-line.ts";

describe("the words behind the name of the drill program", () => {
  it("name a drill and a store; the rest is the usual", () => {
    expect(parseCommand(["kill", "--store", "postgres+redis"])).toEqual({
      drill: "kill",
      store: "postgres+redis",
      workflows: 400,
      hosts: 4,
      seconds: 600,
      rounds: 5,
      json: false,
    });
  });

  it("may say how much, in any order, behind the mark of a script runner too", () => {
    const words = ["--", "--workflows=9", "--hosts", "3", "freeze", "--store=sqlite", "--seconds", "8", "--rounds", "2", "--json"];

    expect(parseCommand(words)).toEqual({ drill: "freeze", store: "sqlite", workflows: 9, hosts: 3, seconds: 8, rounds: 2, json: true });
  });

  it("may ask for help", () => {
    expect(parseCommand(["--help"])).toBeUndefined();
  });

  it.each([
    [[], "a drill must be one of kill, freeze, flush, restart, disk-full: got none"],
    [["explode", "--store", "sqlite"], 'a drill must be one of kill, freeze, flush, restart, disk-full: got "explode"'],
    [["kill"], "--store must be one of sqlite, postgres, postgres+redis: got none"],
    [["kill", "--store", "mysql"], '--store must be one of sqlite, postgres, postgres+redis: got "mysql"'],
    [["kill", "flush", "--store", "sqlite"], "one drill at a time: got kill, flush"],
    [["kill", "--store", "sqlite", "--workflows", "many"], '--workflows must be a whole number, 1 or more: got "many"'],
    [["kill", "--store", "sqlite", "--hosts", "1"], '--hosts must be a whole number, 2 or more: got "1"'],
    [["kill", "--store", "sqlite", "--loud"], "Unknown option '--loud'"],
  ] as const)("are refused when they are %j", (words, message) => {
    let failure: unknown;
    try {
      parseCommand(words);
    } catch (error) {
      failure = error;
    }

    expect(failure).toBeInstanceOf(UsageError);
    expect((failure as UsageError).message.slice(0, message.length)).toBe(message);
  });
});
