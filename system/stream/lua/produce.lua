-- Adds messages to one shard: all of them, or none with an error.
-- KEYS entries, meta, then the seen key of each message
-- ARGV routing version, repeat window in ms, then id, key, payload of each
-- Returns entry id and 1 (had it already) or 0 (added now), for each.
local version, window = tonumber(ARGV[1]), ARGV[2]
local count = #KEYS - 2

local meta = redis.call('HMGET', KEYS[2], 'routing', 'limit')
if meta[1] and tonumber(meta[1]) > version then
  return redis.error_reply('STALE routing version ' .. version .. ', the shard has ' .. meta[1])
end

local limit = tonumber(meta[2] or 0)
if limit > 0 then
  local new = 0
  for i = 1, count do
    if not repeated(KEYS[2 + i]) then new = new + 1 end
  end
  if new > 0 and redis.call('XLEN', KEYS[1]) + new > limit then
    return redis.error_reply('FULL the shard is at its limit of ' .. limit .. ' entries')
  end
end

local reply = {}
for i = 1, count do
  local earlier = repeated(KEYS[2 + i])
  if earlier then
    reply[2 * i - 1], reply[2 * i] = earlier, 1
  else
    local arg = 3 * i
    local entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[arg], 'key', ARGV[arg + 1], 'payload', ARGV[arg + 2])
    redis.call('SET', KEYS[2 + i], entry, 'PX', window)
    reply[2 * i - 1], reply[2 * i] = entry, 0
  end
end
return reply
