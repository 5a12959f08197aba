import { describe, expect, it } from "vitest";
import { PollAllowList } from "../../src/runtime/poll-allow-list.ts";

const allows = (entry: string, url: string): boolean => new PollAllowList([entry]).allows(new URL(url));

describe("the addresses that may be polled", () => {
  it("are none without an entry, and those of any entry else", () => {
    expect(new PollAllowList([]).allows(new URL("https://a.example/"))).toBe(false);
    expect(new PollAllowList(["https://b.example", "https://a.example"]).allows(new URL("https://a.example/"))).toBe(true);
  });

  it.each([
    ["https://a.example", "https://a.example/"],
    ["https://a.example", "https://a.example/any/thing?x=1"],
    ["https://a.example/", "https://a.example/any"],
    ["https://A.Example:443", "https://a.example/"],
    ["https://a.example", "HTTPS://A.EXAMPLE:443/x"],
    ["http://a.example:8080/v1", "http://a.example:8080/v1"],
    ["http://a.example:8080/v1/", "http://a.example:8080/v1/x"],
    ["http://a.example:8080/v1", "http://a.example:8080/v1?x"],
    ["http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/x"],
    ["http://127.0.0.1", "http://2130706433/x"],
    ["https://bücher.example", "https://xn--bcher-kva.example/x"],
    ["https://a.example/v1", "https://a.example/v1/a%2Fb"],
  ])("with %s: %s", (entry, url) => {
    expect(allows(entry, url)).toBe(true);
  });

  it.each([
    ["https://a.example", "http://a.example/"],
    ["https://a.example", "https://a.example:8443/"],
    ["https://a.example", "https://a.example.evil.com/"],
    ["https://a.example", "https://evil.com/a.example"],
    ["https://a.example", "https://a.example@evil.com/"],
    ["https://a.example", "https://user:pass@a.example/"],
    ["https://a.example", "https://user@a.example/"],
    ["https://a.example", "https://b.a.example/"],
    ["https://a.example", "https://a.example./"],
    ["https://a.example/v1", "https://a.example/"],
    ["https://a.example/v1", "https://a.example/v10"],
    ["https://a.example/v1", "https://a.example/V1"],
    ["https://a.example/v1", "https://a.example/v1/../admin"],
    ["https://a.example/v1", "https://a.example/v1/%2e%2E/admin"],
    ["https://a.example/v1", "https://a.example/v1/..%2Fadmin"],
    ["https://a.example/v1", "https://a.example/v1/%252e%252e%252fadmin"],
    ["https://a.example/v1", "https://a.example/v1/..%5cadmin"],
    ["https://a.example/v1", "https://a.example/v1/..;x=1/admin"],
    ["https://a.example/v1", "https://a.example/%76%31/x"],
    ["http://127.0.0.1", "http://localhost/"],
    ["http://[::1]", "http://[::2]/"],
  ])("with %s not: %s", (entry, url) => {
    expect(allows(entry, url)).toBe(false);
  });

  it.each([
    "a.example",
    "ftp://a.example",
    "https://*.example",
    "https://a.example/*",
    "https://user@a.example",
    "https://user:pass@a.example",
    "https://a.example/v1?x",
    "https://a.example/v1?",
    "https://a.example/v1#x",
    "https://a.example/v1/../v2",
    "https://a.example/{id}",
    " https://a.example",
    "",
    5 as never,
  ])("are not named by %s", (entry) => {
    expect(() => new PollAllowList([entry])).toThrow(RangeError);
    expect(() => new PollAllowList([entry])).toThrow(/^allow of pollEndpoints takes origins .*: got /);
  });
});
