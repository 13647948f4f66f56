-- Announces a member on a shard, and renews or takes the shard's lease.
-- KEYS lease, members
-- ARGV member, tenure held ('' if none), lease length in ms, tenure proposed ('' to leave a free lease alone)
-- Returns the tenure that holds the lease now ('' if free), then all members.
-- The clock is the server's. ZREMRANGEBYSCORE comes first because Redis does
-- not refuse it when memory is full, and checks only a script's first write.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local length = tonumber(ARGV[3])

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
redis.call('ZADD', KEYS[2], now + length, ARGV[1])

local holder = redis.call('GET', KEYS[1])
if ARGV[2] ~= '' then
  if held(KEYS[1], ARGV[2]) then
    redis.call('PEXPIRE', KEYS[1], length)
    holder = ARGV[2]
  end
elseif ARGV[4] ~= '' and free(holder) then
  redis.call('SET', KEYS[1], ARGV[4], 'PX', length)
  holder = ARGV[4]
end

local reply = redis.call('ZRANGE', KEYS[2], 0, -1)
table.insert(reply, 1, holder or '')
return reply
