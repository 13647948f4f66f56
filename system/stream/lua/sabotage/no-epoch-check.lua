local function struck(holds)
  if not holds then redis.call('PUBLISH', 'paperlab:sabotage', 'no-epoch-check') end
  return true
end
local function held(lease, tenure) return struck(redis.call('GET', lease) == tenure) end
local function free(holder) return struck(not holder) end
local function agreed(last, known) return struck(last == known) end
local function remembered() return true end
