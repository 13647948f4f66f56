-- Takes new entries for the shard's owner.
-- KEYS lease, entries, outbox
-- ARGV tenure, group, consumer, count, last delivered id as the owner knows it,
--   results that may wait in the outbox
-- Returns the group's last delivered id and entries as XRANGE does. It returns
-- nil in place of entries, and takes nothing, when the group's last delivered id
-- is another than the owner's: an answer was lost on the way, and taking what
-- comes next would put it before what that answer held; or a failover forgot.
if not held(KEYS[1], ARGV[1]) then return redis.error_reply('FENCED the lease is not held under this epoch') end
local group = groups(KEYS[2])[ARGV[2]]
if not group then return redis.error_reply('NOGROUP the consumer group is not there') end
local last = group['last-delivered-id']
if not agreed(last, ARGV[5]) then return {last, false} end
if redis.call('XLEN', KEYS[3]) >= tonumber(ARGV[6]) then return {last, {}} end
local reply = redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', ARGV[4], 'STREAMS', KEYS[2], '>')
if not reply then return {last, {}} end
local entries = reply[1][2]
return {entries[#entries][1], entries}
