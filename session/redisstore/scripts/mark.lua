-- Merges a mark into that of a key: the larger of each of the three numbers, and the longer TTL.
-- Numbers have a fixed width, so they compare as text. KEYS: mark. ARGV: mark, TTL in milliseconds.
local old = redis.call('GET', KEYS[1])
local mark, keep = ARGV[1], tonumber(ARGV[2])
if old then
  if #old ~= #mark or old:find('%D') then
    return redis.error_reply('ERR sallyport: not a mark')
  end
  local function larger(first, last)
    local a, b = old:sub(first, last), mark:sub(first, last)
    if a > b then return a end
    return b
  end
  mark = larger(1, 20) .. larger(21, 40) .. larger(41, 50)
  keep = math.max(keep, redis.call('PTTL', KEYS[1]))
end
redis.call('SET', KEYS[1], mark, 'PX', string.format('%.0f', keep))
return 'marked'
