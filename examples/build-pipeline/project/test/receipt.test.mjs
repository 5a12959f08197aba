import assert from "node:assert/strict";
import { test } from "node:test";
import { receipt } from "../../dist/receipt.mjs";

test("a receipt ends with its sum", () => assert.match(receipt({ margherita: 1, funghi: 1 }), /sum: 1950$/));
test("an empty order costs nothing", () => assert.equal(receipt({}), "sum: 0"));
