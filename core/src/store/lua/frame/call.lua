-- The call under way. A library keeps its variables from one call to the next, so all that a call knows or changes is
-- made anew by `begin_call`, and by nothing else: what an error left behind in the middle is gone.
local P -- Prefix of all keys.
local now -- Milliseconds since 1970; `told` is the same without the offset that only tests set.
local told
local paused -- While an instance is paused nothing new is claimed; what runs goes on.
local texts -- Whole numbers as text, each made once: left to Lua and Redis, each use would print a double.
local runs -- What is loaded of runs, by uid; false where there is none (`runs.lua`).
local changes -- What is written at the end (`changes.lua`).
local budget -- How much more this call may do (see Bounded calls).
local known -- What was asked for once and does not change within a call.

local operations = {}
-- What `prefetch` reads for an operation: 1 its row, 2 also its plan, 3 also the run's info and what its jobs share.
local reads = {}

local text_of = {
  __index = function(made, number)
    local text = string.format('%d', number)
    made[number] = text
    return text
  end,
}

-- Appends one value or two to a list.
local function append(list, first, second)
  local count = #list
  list[count + 1] = first
  list[count + 2] = second
end

-- Appends to one of several lists, which is made if it is missing.
local function append_to(lists, key, first, second)
  local list = lists[key]
  if not list then
    list = {}
    lists[key] = list
  end
  append(list, first, second)
end
