import { LuaScript } from "./lua-script.ts";

/**
 * One turn of a queue: ends what has been out for too long, makes changes, then takes for those who wait.
 *
 * All of it is one step, by the server's clock unless another time is given. It works on the keys of BullMQ 6 in their form (see `docs/decisions`): a job is a hash, its id is in the
 * list `wait` when it was due at once (oldest to the right), in the sorted set `delayed` when it is due later or was due before (score: time * 4096 + place
 * within the millisecond), or in the list `active` while it is out, with its token in `<job>:lock`; `de:<id>` names the job of an id; members of
 * `marker` wake one of those who block on it each. Ours beside it are the sorted set `visible`, of jobs that are out by the end of their time, and of a
 * job that is out the fields `again`, for when it was queued meanwhile, and `late`, for how long it had been due.
 *
 * KEYS: wait, active, delayed, marker, meta, id, visible.
 * ARGV: beginning of all keys, visibility time (ms), token for what is taken, limit (0 takes nothing), "1" to wake another who waits in our stead, "1"
 * when the same turn may have been made before, time (ms) or ""; then for each change `put` text delay, `ack` job token or `retry` job token delay.
 * Returns: milliseconds until something is due, -1 when nothing will be; then job, text, and milliseconds for which it had been due of each that was taken.
 */
export const QUEUE_TURN: LuaScript = new LuaScript(`
local call = redis.call
local waitKey, activeKey, delayedKey, markerKey, metaKey, idKey, visibleKey = unpack(KEYS)
local base, visibility, token, limit = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local now = tonumber(ARGV[7])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local isRepeated = ARGV[6] == '1'
local earliest = nil

-- O(log n). In its millisecond it comes before what is in the list, from place 0 on, or behind it, from 2048 on. More than 2048 share the last place.
local function delay(job, due, place)
  local from, to = due * 4096 + place, due * 4096 + place + 2047
  local last = call('ZREVRANGEBYSCORE', delayedKey, to, from, 'WITHSCORES', 'LIMIT', 0, 1)[2]
  call('ZADD', delayedKey, last and math.min(last + 1, to) or from, job)
  if not earliest or due < earliest then earliest = due end
end

-- The list is by due time since what is pushed is due now.
local function enqueue(job, due, queuedAt)
  call('HSET', base .. job, 'delay', due - queuedAt)
  if due == now then call('LPUSH', waitKey, job) else delay(job, due, due < now and 2048 or 0) end
end

local function first(key)
  local found = call('ZRANGE', key, 0, 0, 'WITHSCORES')
  return found[1], tonumber(found[2])
end

-- The job, when it is due, and whether it comes behind what in the list is due in the same millisecond.
local function firstDelayed()
  local job, score = first(delayedKey)
  if not job then return nil end
  local due = math.floor(score / 4096)
  return job, due, score - due * 4096 >= 2048
end

-- When the oldest in the list was due; 0 for a job that is gone, nil when the list is empty.
local function dueInList()
  local job = call('LINDEX', waitKey, -1)
  if not job then return nil end
  local queuedAt, delay = unpack(call('HMGET', base .. job, 'timestamp', 'delay'))
  return queuedAt and queuedAt + (delay or 0) or 0
end

local function put(text, due)
  local name = base .. 'de:' .. text
  local job = call('GET', name)
  if job then
    local key = base .. job
    local queuedAt, before, again = unpack(call('HMGET', key, 'timestamp', 'delay', 'again'))
    if queuedAt then
      if call('ZSCORE', visibleKey, job) then
        if isRepeated and call('GET', key .. ':lock') == token then return end -- this very queueing was taken
        if not again or due < tonumber(again) then call('HSET', key, 'again', due) end
        return
      end
      local score = call('ZSCORE', delayedKey, job)
      if score then
        if due >= math.floor(score / 4096) then return end
        call('ZREM', delayedKey, job)
      else
        -- It is in the list, unless the server has lost a part of the queue: then the id would never come again.
        local oldest, wasDue = dueInList(), queuedAt + (before or 0)
        if oldest and oldest <= wasDue and wasDue <= now then return end
      end
      enqueue(job, due, queuedAt)
      return
    end
  end
  job = call('INCR', idKey)
  -- So that tools of BullMQ keep no events either, whatever the server has lost.
  if job == 1 then call('HSETNX', metaKey, 'opts.maxLenEvents', 0) end
  call('SET', name, job)
  call('HSET', base .. job, 'name', 'wfe', 'data', '{"id":"' .. text .. '"}',
    'opts', '{"removeOnComplete":true,"removeOnFail":true,"attempts":1,"de":{"id":"' .. text .. '"}}',
    'timestamp', now, 'delay', 0, 'priority', 0, 'deid', text)
  enqueue(job, due, now)
end

-- Ends a delivery; due is when it was asked for again, or nil.
local function finish(job, shown, due)
  local key = base .. job
  local ends = call('ZSCORE', visibleKey, job)
  if not ends or tonumber(ends) <= now or call('GET', key .. ':lock') ~= shown then return end
  call('ZREM', visibleKey, job)
  call('LREM', activeKey, -1, job)
  local text, queuedAt, again = unpack(call('HMGET', key, 'deid', 'timestamp', 'again'))
  if again and (not due or tonumber(again) < due) then due = tonumber(again) end
  if due and queuedAt then
    call('DEL', key .. ':lock')
    if again then call('HDEL', key, 'again') end
    enqueue(job, due, queuedAt)
  else
    call('DEL', key, key .. ':lock', base .. 'de:' .. (text or ''))
  end
end

-- What has been out for too long is due since the end of its time; what was queued meanwhile is served by it. 1,000 at most, so that nobody waits long.
local late = call('ZRANGEBYSCORE', visibleKey, 0, now, 'WITHSCORES', 'LIMIT', 0, 1000)
for place = 1, #late, 2 do
  local job, due = late[place], tonumber(late[place + 1])
  local key = base .. job
  call('ZREM', visibleKey, job)
  call('DEL', key .. ':lock')
  call('HDEL', key, 'again')
  -- A tool may have moved or removed it.
  if call('LREM', activeKey, -1, job) > 0 and call('EXISTS', key) == 1 then delay(job, due, 0) end
end

local place = 8
while ARGV[place] do
  local kind = ARGV[place]
  if kind == 'put' then
    put(ARGV[place + 1], now + ARGV[place + 2])
    place = place + 3
  elseif kind == 'ack' then
    finish(ARGV[place + 1], ARGV[place + 2], nil)
    place = place + 3
  else
    finish(ARGV[place + 1], ARGV[place + 2], now + ARGV[place + 3])
    place = place + 4
  end
end

local isPaused = call('HEXISTS', metaKey, 'paused') == 1
local answer = { -1 }
-- Its answer was lost: what it took is out with its token.
local out = isRepeated and limit > 0 and call('LRANGE', activeKey, 0, 9999) or {}
for at = #out, 1, -1 do
  if call('GET', base .. out[at] .. ':lock') == token then
    local text, late = unpack(call('HMGET', base .. out[at], 'deid', 'late'))
    answer[#answer + 1] = out[at]
    answer[#answer + 1] = text
    answer[#answer + 1] = tonumber(late) or 0
  end
end
local delayed, delayedDue, isBehind = firstDelayed()
while not isPaused and #answer < 1 + 3 * limit do
  local job, due = nil, nil
  if delayed and delayedDue <= now then
    local oldest = dueInList()
    if oldest and oldest < delayedDue + (isBehind and 1 or 0) then
      job = call('RPOP', waitKey)
    else
      job, due = delayed, delayedDue
      call('ZREM', delayedKey, job)
      delayed, delayedDue, isBehind = firstDelayed()
    end
  else
    job = call('RPOP', waitKey)
  end
  if not job then break end
  local key = base .. job
  local text, queuedAt, before = unpack(call('HMGET', key, 'deid', 'timestamp', 'delay'))
  -- One without is no entry: its job was removed, or is not of ours. One that is out has come into the list twice, by a tool.
  if text and not call('ZSCORE', visibleKey, job) then
    call('LPUSH', activeKey, job)
    call('ZADD', visibleKey, now + visibility, job)
    -- It is the time in the set that counts.
    call('SET', key .. ':lock', token, 'PX', visibility + 1000)
    local late = math.max(0, now - (due or (queuedAt or now) + (before or 0)))
    call('HSET', key, 'processedOn', now, 'late', late)
    answer[#answer + 1] = job
    answer[#answer + 1] = text
    answer[#answer + 1] = late
  end
end

local firstOut, ends = first(visibleKey)
local isDue = call('EXISTS', waitKey) == 1 or (delayed and delayedDue <= now)
local nextDue = delayedDue
if firstOut and (not nextDue or ends < nextDue) then nextDue = ends end
if isPaused then
  return answer
end
if isDue then
  call('ZADD', markerKey, 0, '0')
  answer[1] = 0
else
  call('ZREM', markerKey, '0')
  if nextDue then answer[1] = math.max(0, nextDue - now) end
end
if ARGV[5] == '1' and nextDue then
  call('ZADD', markerKey, nextDue, '1')
elseif not delayed then
  call('ZREM', markerKey, '1')
elseif earliest and earliest <= delayedDue then
  call('ZADD', markerKey, delayedDue, '1')
end
return answer
`);
