import { type ActivityDefinition, defineActivity } from "wfe";

/** A photo that somebody has to make smaller. */
export interface Photo {
  readonly name: string;
  readonly width: number;
}

/** The work, with the types of what goes out and what comes back; all that workers share with the workflow. */
export const thumbnail: ActivityDefinition<Photo, { file: string }> = defineActivity<Photo, { file: string }>("thumbnail");
