import { NESTED } from "./containers.ts";
import { everyVerbIn } from "./run.ts";

everyVerbIn(NESTED);
