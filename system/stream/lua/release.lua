-- Gives a lease up, if it is still held, and withdraws the member if it leaves.
-- KEYS lease, members; ARGV tenure, member ('' to stay)
if ARGV[2] ~= '' then redis.call('ZREM', KEYS[2], ARGV[2]) end
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
