-- Reads one shard for one group. KEYS entries, dead, lease; ARGV group
-- Returns length, dead letters, tenure ('' if free), pending, lag (-1 if Redis
-- answers null or the group is missing), age of the oldest pending entry in ms.
local pending, lag, age = 0, -1, 0
for _, fields in ipairs(redis.call('EXISTS', KEYS[1]) == 1 and redis.call('XINFO', 'GROUPS', KEYS[1]) or {}) do
  local group = {}
  for f = 1, #fields, 2 do group[fields[f]] = fields[f + 1] end
  if group['name'] == ARGV[1] then
    pending, lag = group['pending'], group['lag'] or -1
    if pending > 0 then
      local clock = redis.call('TIME')
      local oldest = redis.call('XPENDING', KEYS[1], ARGV[1])[2]
      age = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(string.match(oldest, '^(%d+)'))
    end
  end
end
return {redis.call('XLEN', KEYS[1]), redis.call('XLEN', KEYS[2]), redis.call('GET', KEYS[3]) or '', pending, lag, age}
