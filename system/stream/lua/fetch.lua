-- Takes new entries for the shard's owner.
-- KEYS lease, entries; ARGV tenure, group, consumer, count
-- Returns entries as XRANGE does.
if not held(KEYS[1], ARGV[1]) then return redis.error_reply('FENCED the lease is not held under this epoch') end
local reply = redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', ARGV[4], 'STREAMS', KEYS[2], '>')
if not reply then return {} end
return reply[1][2]
