local function acknowledge(entries, group, id)
  redis.call('XACK', entries, group, id)
  return true
end
