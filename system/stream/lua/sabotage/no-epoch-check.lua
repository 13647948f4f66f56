local function held() return true end
local function free() return true end
local function agreed() return true end
local function remembered() return true end
