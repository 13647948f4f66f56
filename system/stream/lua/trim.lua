-- Removes what every group has acknowledged and what is older than the
-- retention. KEYS entries; ARGV retention in ms. Returns how many were removed.
-- Nothing unread and nothing pending is ever removed; without a group, nothing.
local function parse(id)
  local ms, seq = string.match(id, '^(%d+)%-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local clock = redis.call('TIME')
local ms, seq = clock[1] * 1000 + math.floor(clock[2] / 1000) - tonumber(ARGV[1]), 0
local all = groups(KEYS[1])
if not next(all) then return 0 end
for name, group in pairs(all) do
  local floor_ms, floor_seq
  if group['pending'] > 0 then
    floor_ms, floor_seq = parse(redis.call('XPENDING', KEYS[1], name)[2])
  else
    floor_ms, floor_seq = parse(group['last-delivered-id'])
    floor_seq = floor_seq + 1
  end
  if floor_ms < ms or (floor_ms == ms and floor_seq < seq) then ms, seq = floor_ms, floor_seq end
end
return redis.call('XTRIM', KEYS[1], 'MINID', '~', string.format('%.0f-%.0f', ms, seq))
