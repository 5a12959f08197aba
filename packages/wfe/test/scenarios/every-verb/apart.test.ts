import { APART } from "./containers.ts";
import { everyVerbIn } from "./run.ts";

everyVerbIn(APART);
