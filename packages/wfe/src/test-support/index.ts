/** Everything of `wfe-core/test-support`. */
export * from "wfe-core/test-support";
