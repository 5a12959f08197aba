import { SEVERAL } from "./containers.ts";
import { everyVerbIn } from "./run.ts";

everyVerbIn(SEVERAL);
