-- The checks that a sabotage takes away, and nothing else. A file of the folder
-- sabotage says again what one of them is, so that what is planted is exactly
-- one defect.
local function held(lease, tenure) return redis.call('GET', lease) == tenure end
local function free(holder) return not holder end
local function acknowledge(entries, group, id) return redis.call('XACK', entries, group, id) == 1 end
local function repeated(seen) return redis.call('GET', seen) end
local function agreed(last, known) return last == known end
local function remembered(commits, tenure, number)
  local last = redis.call('GET', commits)
  return number == 1 or last == tenure .. ' ' .. (number - 1) or last == tenure .. ' ' .. number
end
