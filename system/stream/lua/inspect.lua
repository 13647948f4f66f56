-- Reads one shard for one group. KEYS entries, dead, lease; ARGV group
-- Returns length, dead letters, tenure ('' if free), pending, lag (-1 if Redis
-- answers null), age of the oldest pending entry in ms. To a group that is not
-- there nothing has been delivered: all that the shard holds is lag.
local length = redis.call('XLEN', KEYS[1])
local pending, lag, age = 0, length, 0
local group = groups(KEYS[1])[ARGV[1]]
if group then
  pending, lag = group['pending'], group['lag'] or -1
  if pending > 0 then
    local clock = redis.call('TIME')
    local oldest = redis.call('XPENDING', KEYS[1], ARGV[1])[2]
    age = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(string.match(oldest, '^(%d+)'))
  end
end
return {length, redis.call('XLEN', KEYS[2]), redis.call('GET', KEYS[3]) or '', pending, lag, age}
