/**
 * Takes a free lock, or one that this very acquisition has taken already: redlock's own script refuses that, so that one whose answer was lost could not be
 * sent again.
 */
export const ACQUIRE_SCRIPT = `
  local value = redis.call("get", KEYS[1])
  if value and value ~= ARGV[1] then
    return 0
  end
  redis.call("set", KEYS[1], ARGV[1], "PX", ARGV[2])
  return 1
`;

/** What {@link RELEASE_SCRIPT} says of a lock that nobody holds. */
export const NOBODYS: number = -1;

/** Removes a lock of this token. Tells a lock that another holds (0) from one that nobody holds, which redlock's own does not. */
export const RELEASE_SCRIPT: string = `
  local value = redis.call("get", KEYS[1])
  if not value then
    return ${NOBODYS}
  end
  if value ~= ARGV[1] then
    return 0
  end
  redis.call("del", KEYS[1])
  return 1
`;
