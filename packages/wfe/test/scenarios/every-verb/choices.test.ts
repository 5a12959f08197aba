import { CHOICES } from "./containers.ts";
import { everyVerbIn } from "./run.ts";

everyVerbIn(CHOICES);
