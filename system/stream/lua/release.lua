-- Gives a lease up, if it is still held, and withdraws the member if it leaves.
-- KEYS lease, members, entries
-- ARGV tenure, member ('' to stay), group, consumer, then the id of each entry
--   in hand and how often it had been delivered before this tenure
-- The entries stay pending as if this tenure had not been: a handover that was
-- planned says nothing against them.
if ARGV[2] ~= '' then redis.call('ZREM', KEYS[2], ARGV[2]) end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 5, #ARGV, 2 do
  redis.call('XCLAIM', KEYS[3], ARGV[3], ARGV[4], 0, ARGV[i], 'RETRYCOUNT', ARGV[i + 1], 'JUSTID')
end
return redis.call('DEL', KEYS[1])
