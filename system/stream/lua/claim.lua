-- Takes pending entries over for the shard's owner, whoever had them.
-- KEYS lease, entries; ARGV tenure, group, consumer, then entry ids
-- Returns entries as XRANGE does; those no longer pending or deleted are left out.
if not held(KEYS[1], ARGV[1]) then return redis.error_reply('FENCED the lease is not held under this epoch') end
return redis.call('XCLAIM', KEYS[2], ARGV[2], ARGV[3], 0, unpack(ARGV, 4))
