local function repeated(seen)
  if redis.call('GET', seen) then redis.call('PUBLISH', 'paperlab:sabotage', 'no-repeat-check') end
  return false
end
