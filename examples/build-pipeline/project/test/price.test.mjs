import assert from "node:assert/strict";
import { test } from "node:test";
import { price } from "../../dist/price.mjs";

test("a pizza has its price", () => assert.equal(price("funghi", 2), 2_100));
test("every tenth is free", () => assert.equal(price("margherita", 10), 8_100));
test("an unknown pizza has none", () => assert.throws(() => price("hawaii", 1), RangeError));
