-- The commit: acknowledges entries and writes their results, in one step.
-- KEYS lease, entries, outbox, dead, commits
-- ARGV tenure, group, number of the commit in its tenure, then for each entry:
--   entry id, 'done', number of results, then stream, id, key, payload of each
--   entry id, 'dead', message id, key, payload, reason, attempts
-- Returns 1 for each entry that was still pending, 0 for the others. Only an
-- entry that was still pending has its results written, so a commit whose
-- answer was lost may be sent again. Acknowledging comes first: XACK is never
-- refused for memory, and after a first write nothing in a script is.
-- The commit before it must be the last that the shard knows, or this very one.
-- If not, a failover has forgotten commits of this tenure: their entries are
-- pending again, and this commit would overtake them.
if not held(KEYS[1], ARGV[1]) then return redis.error_reply('FENCED the lease is not held under this epoch') end
if not remembered(KEYS[5], ARGV[1], tonumber(ARGV[3])) then return redis.error_reply('FORGOT the commit before this one') end
local group, i, reply = ARGV[2], 4, {}
while i <= #ARGV do
  local entry, fate = ARGV[i], ARGV[i + 1]
  local mine = acknowledge(KEYS[2], group, entry)
  reply[#reply + 1] = mine and 1 or 0
  if fate == 'done' then
    local results = tonumber(ARGV[i + 2])
    i = i + 3
    for _ = 1, results do
      if mine then
        redis.call('XADD', KEYS[3], '*', 'stream', ARGV[i], 'id', ARGV[i + 1], 'key', ARGV[i + 2], 'payload', ARGV[i + 3])
      end
      i = i + 4
    end
  else
    if mine then
      redis.call('XADD', KEYS[4], '*', 'id', ARGV[i + 2], 'key', ARGV[i + 3], 'payload', ARGV[i + 4],
        'reason', ARGV[i + 5], 'attempts', ARGV[i + 6], 'group', group, 'entry', entry)
    end
    i = i + 7
  end
end
redis.call('SET', KEYS[5], ARGV[1] .. ' ' .. ARGV[3])
return reply
