local function repeated() return false end
