import { shortDrills } from "./short-drills.ts";

shortDrills("postgres");
