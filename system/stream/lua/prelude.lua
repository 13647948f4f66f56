-- Stands in front of every script, behind the guards.

-- groups reads the consumer groups of a stream: name to the fields of XINFO
-- GROUPS. A stream that is not there has none.
local function groups(entries)
  local byName = {}
  if redis.call('EXISTS', entries) == 0 then return byName end
  for _, fields in ipairs(redis.call('XINFO', 'GROUPS', entries)) do
    local group = {}
    for f = 1, #fields, 2 do group[fields[f]] = fields[f + 1] end
    byName[group['name']] = group
  end
  return byName
end
