# SPDX-License-Identifier: MIT
# cmake -DFIT=... -DDIR=... -DDATA=... -P fit_2d.cmake: what fit_2d prints and with what it exits.
cmake_minimum_required(VERSION 3.25...4.0)
function(expect code out_regex err_regex)
  execute_process(COMMAND ${FIT} ${ARGN} WORKING_DIRECTORY ${DIR} RESULT_VARIABLE result OUTPUT_VARIABLE out
    ERROR_VARIABLE err)
  if(NOT result EQUAL code OR NOT out MATCHES "${out_regex}" OR NOT err MATCHES "${err_regex}")
    message(FATAL_ERROR "fit_2d ${ARGN}\nexit ${result}, wanted ${code}\n${out}\n${err}")
  endif()
  if(NOT code EQUAL 0 AND out MATCHES "test_nll")
    message(FATAL_ERROR "fit_2d ${ARGN} printed a result and failed")
  endif()
endfunction()
file(REMOVE_RECURSE ${DIR})
file(MAKE_DIRECTORY ${DIR})
expect(0 "checkerboard.*models:\n  nsf .*real_nvp" "" --list)
expect(0
  "^{\"target\": \"checkerboard\", \"model\": \"normal\", \"parameters\": 5, \"exact\": true, \"epochs\": 3, \"train_seconds\": [0-9.e-]+, \"test_nll\": [0-9.]+, \"test_nll_se\": 0.0[0-9]+, \"test_nll_20_draws\": null, \"entropy\": 3.4657[0-9]*, \"gap\": 1.0[0-9]+, \"leak\": 0.[0-9]+, \"samples_per_second\": [0-9.e+]+, \"seed\": 3, \"threads\": 2, \"status\": \"budget_reached\"}\n$"
  "epoch 3/3" --target checkerboard --model normal --epochs 3 --train 2000 --seed 3 --threads 2 --json
    --out sub/dir)
if(NOT EXISTS ${DIR}/sub/dir/checkerboard_normal.png OR NOT EXISTS ${DIR}/sub/dir/checkerboard_normal_samples.csv)
  message(FATAL_ERROR "no picture or no samples")
endif()
expect(0 "6120 rows, 5447 distinct" "fit_2d: column 0: [0-9]+ % of [0-9]+ rows repeat another's value" --csv
  ${DATA}/earth_earthquake.csv --columns LONGITUDE,LATITUDE --model normal --epochs 2)
expect(2 "" "unknown option '--frob'.*usage:" --frob)
expect(2 "" "unknown option '--epoch'; is '--epochs' meant.*usage:" --epoch 3)
expect(2 "" "wants a value.*usage:" --epochs)
expect(2 "" "'-3' will not do.*usage:" --epochs -3)
expect(2 "" "'0' will not do for --learning-rate: a number from 1e-12 to 1e.06.*usage:" --learning-rate 0)
expect(2 "" "--columns wants two names or numbers.*usage:" --csv a.csv --columns 0,1,2)
expect(2 "" "say the two of the plane by --columns.*usage:" --csv a.csv --context 2)
expect(2 "" "--context has 1 columns, and 'normal' takes none; nsf takes two.*usage:" --csv a.csv --columns 0,1
  --context 2 --model normal)
expect(2 "" "--load fits nothing.*usage:" --load a.safetensors --checkpoint a.ckpt)
expect(3 "" "absent.safetensors: cannot open" --load absent.safetensors)
expect(2 "" "no target is called 'moon'.*usage:" --target moon)
expect(2 "" "no model is called 'x'.*usage:" --model x)
expect(2 "" "exclude each other.*usage:" --target moons --csv a.csv)
expect(3 "" "absent.csv: cannot open" --csv absent.csv)
file(WRITE ${DIR}/bad.csv "a,b\n1,2\n3,oops\n")
expect(3 "" "bad.csv:3:3: 'oops' is not a number" --csv bad.csv)
file(WRITE ${DIR}/wide.csv "1,2,3\n")
expect(2 "" "choose two with --columns" --csv wide.csv)
file(WRITE ${DIR}/same.csv "a,b\n1,2\n1,2\n1,2\n")
expect(1 "" "too few distinct rows, 1" --csv same.csv)
string(REPEAT "1,2\n" 3 text)
foreach(i RANGE 40)
  string(APPEND text "1,${i}.5\n")
endforeach()
file(WRITE ${DIR}/constant.csv "${text}")
expect(1 "" "column 0 is constant" --csv constant.csv --epochs 1)
expect(3 "" "cannot be written" --epochs 1 --out /proc/nowhere)

# A bound is one draw a row, and nearer with 20.
expect(0 "\"exact\": false.*\"test_nll\": [0-9.]+,.*\"test_nll_20_draws\": [0-9.]+," "" --target moons --model
  augmented_flow --epochs 1 --train 300 --test 500 --json)
expect(1 "" "rows of the data lie off the flow's support" --csv ${DATA}/earth_earthquake.csv --columns
  LONGITUDE,LATITUDE --model abs_uniform --epochs 1)

# Every model fits, scores and draws.
execute_process(COMMAND ${FIT} --list OUTPUT_VARIABLE list)
string(REGEX MATCHALL "\n  [a-z_]+" models "${list}")
list(LENGTH models count)
if(count LESS 33)
  message(FATAL_ERROR "fit_2d --list names ${count} models:\n${list}")
endif()
foreach(model IN LISTS models)
  string(STRIP "${model}" model)
  expect(0 "\"test_nll\": [0-9.]+," "" --target moons --model ${model} --epochs 1 --train 300 --test 200 --grid 20
    --json --out all)
  if(NOT EXISTS ${DIR}/all/moons_${model}.png)
    message(FATAL_ERROR "no picture of ${model}")
  endif()
endforeach()

# The spline flow where no model is named; the files that were written are named; no colours in a pipe.
set(named "picture +./moons_nsf.png\n  samples +./moons_nsf_samples.csv\n  model file +./moons_nsf.safetensors\n$")
expect(0 "model +\"nsf\".*${named}" "" --epochs 1 --train 300 --test 200 --grid 20)
foreach(file IN ITEMS moons_nsf.png moons_nsf_samples.csv moons_nsf.safetensors)
  if(NOT EXISTS ${DIR}/${file})
    message(FATAL_ERROR "fit_2d named ${file} and did not write it")
  endif()
endforeach()

# --save and --load: the same numbers without a fit.  --freeze: a header in the namespace of its name.
execute_process(COMMAND ${FIT} --epochs 2 --train 300 --test 200 --grid 20 --json --save kept.safetensors --freeze
  ring.hpp WORKING_DIRECTORY ${DIR} OUTPUT_VARIABLE saved ERROR_VARIABLE err)
expect(0 "\"epochs\": 0, \"train_seconds\": null.*\"status\": \"loaded\"" "^$" --test 200 --grid 20 --json --load
  kept.safetensors)
execute_process(COMMAND ${FIT} --test 200 --grid 20 --json --load kept.safetensors WORKING_DIRECTORY ${DIR}
  OUTPUT_VARIABLE loaded)
string(REGEX MATCH "\"test_nll\": [0-9.]+" before "${saved}")
string(REGEX MATCH "\"test_nll\": [0-9.]+" after "${loaded}")
if(NOT before OR NOT before STREQUAL after)
  message(FATAL_ERROR "fit_2d saved ${before} and loaded ${after}:\n${saved}${err}")
endif()
file(STRINGS ${DIR}/ring.hpp frozen REGEX "namespace ring")
if(NOT frozen)
  message(FATAL_ERROR "fit_2d --freeze ring.hpp wrote no namespace ring")
endif()
expect(3 "" "none/a.safetensors: cannot be written" --epochs 1 --save none/a.safetensors)
expect(3 "" "none/a.hpp: cannot be written" --epochs 1 --freeze none/a.hpp)

# A context: the density of two columns given a third.  y is twice c and a little, which the marginal cannot know.
set(text "x,y,c\n")
foreach(i RANGE 1 600)
  math(EXPR c "(${i} * 7919) % 1000")
  math(EXPR x "(${i} * 104729) % 997")
  math(EXPR y "2 * ${c} + (${i} * 1299709) % 101")
  string(APPEND text "${x},${y},${c}\n")
endforeach()
file(WRITE ${DIR}/given.csv "${text}")
set(nll "")
foreach(context IN ITEMS "" "--context;c")
  execute_process(COMMAND ${FIT} --csv given.csv --columns x,y ${context} --epochs 60 --batch 64 --grid 20 --test 500
    --json --out given WORKING_DIRECTORY ${DIR} RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT result EQUAL 0 OR NOT out MATCHES "\"test_nll\": ([0-9]+)")
    message(FATAL_ERROR "fit_2d ${context}: exit ${result}\n${out}${err}")
  endif()
  list(APPEND nll ${CMAKE_MATCH_1})
endforeach()
list(GET nll 0 without)
list(GET nll 1 with)
if(NOT with LESS without)
  message(FATAL_ERROR "a context that tells much took the NLL from ${without} to ${with}")
endif()

# A model is of the columns that it was fitted to, none of them twice; rows that lack a number are left out when asked.
expect(0 "" "" --csv given.csv --columns x,y --context c --epochs 1 --grid 20 --test 500 --json --out given --save xy)
expect(0 "\"status\": \"loaded\"" "" --csv given.csv --columns x,y --context c --grid 20 --test 500 --json --out given
  --load xy)
expect(3 "" "xy: its columns is 'x, y', here it is 'y, x'" --csv given.csv --columns y,x --context c --load xy)
expect(3 "" "xy: its context is 'c', here it is ''" --csv given.csv --columns x,y --load xy)
expect(2 "" "column 'x' is chosen twice.*usage:" --csv given.csv --columns x,0)
file(STRINGS ${DIR}/given/given_nsf_samples.csv header LIMIT_COUNT 1)
if(NOT header STREQUAL "x,y")
  message(FATAL_ERROR "samples begin with '${header}'")
endif()
file(WRITE ${DIR}/lacking.csv "${text}NA,1,1\n")
expect(3 "" "--drop-missing leaves them out" --csv lacking.csv --columns y,x)
expect(0 " more that lack a number, " "" --csv lacking.csv --columns y,x --drop-missing --model normal --epochs 1
  --grid 20 --test 500 --out given)
file(STRINGS ${DIR}/given/lacking_normal_samples.csv header LIMIT_COUNT 1)
if(NOT header STREQUAL "y,x")
  message(FATAL_ERROR "samples begin with '${header}'")
endif()

# In a terminal: two pixels a character in its colours, no wider than it; with NO_COLOR none.
find_program(SCRIPT script)
if(SCRIPT)
  function(in_terminal out)
    execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=COLORTERM --unset=NO_COLOR ${ARGN} ${SCRIPT} -qec
      "stty cols 60; '${FIT}' --model normal --epochs 1 --train 300 --test 200 --grid 20" /dev/null WORKING_DIRECTORY
      ${DIR} OUTPUT_VARIABLE text INPUT_FILE /dev/null)
    string(REGEX REPLACE "[][;]" "," text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
  endfunction()
  in_terminal(all TERM=xterm COLORTERM=truecolor)
  in_terminal(table TERM=xterm-256color)
  in_terminal(plain TERM=xterm-256color NO_COLOR=1)
  in_terminal(dumb TERM=dumb COLORTERM=truecolor)
  if(NOT all MATCHES "38,2,[0-9]+,[0-9]+,[0-9]+,48,2," OR NOT table MATCHES "38,5,[0-9]+,48,5,")
    message(FATAL_ERROR "fit_2d shows no picture in a terminal:\n${all}\n${table}")
  endif()
  if("${plain}${dumb}" MATCHES "38,[25]," OR NOT plain MATCHES "model file" OR NOT dumb MATCHES "model file")
    message(FATAL_ERROR "fit_2d shows colours where none are wanted:\n${plain}\n${dumb}")
  endif()
  string(REGEX MATCHALL "▀[^\n]*\n" lines "${all}")
  list(GET lines 0 line)
  string(REGEX MATCHALL "▀" blocks "${line}")
  list(LENGTH blocks width)
  if(NOT width EQUAL 60)
    message(FATAL_ERROR "fit_2d's picture is ${width} characters wide in a terminal of 60")
  endif()
endif()

# A full disk while the picture is written: an error, not a result.
if(EXISTS /dev/full)
  file(MAKE_DIRECTORY ${DIR}/full)
  file(CREATE_LINK /dev/full ${DIR}/full/moons_normal.png SYMBOLIC)
  expect(3 "" "moons_normal.png: cannot write: No space left on device" --target moons --model normal --epochs 1 --train
    200 --out full)
endif()

# The same command goes on from its checkpoint, here from its end, and another is refused.
expect(0 "\"status\": \"budget_reached\"" "epoch 3/3" --target moons --model normal --epochs 3 --train 2000 --json
  --checkpoint normal.ckpt)
execute_process(COMMAND ${FIT} --target moons --model normal --epochs 3 --train 2000 --json --checkpoint normal.ckpt
  WORKING_DIRECTORY ${DIR} OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT out MATCHES "\"epochs\": 3.*\"status\": \"budget_reached\"" OR err MATCHES "epoch")
  message(FATAL_ERROR "fit_2d from its own end:\n${out}\n${err}")
endif()
expect(3 "" "normal.ckpt: is the checkpoint of another run: epochs is 3 there and 4 here" --target moons --model normal
  --epochs 4 --train 2000 --json --checkpoint normal.ckpt)
expect(3 "" "none/a.ckpt: cannot be written" --epochs 1 --checkpoint none/a.ckpt)

# A picture of the fit on request.
expect(0 "\"status\": \"budget_reached\"" "epoch 2/2" --target moons --model normal --epochs 2 --train 2000 --json
  --plot-fit losses.png)
file(READ ${DIR}/losses.png head LIMIT 8 HEX)
if(NOT head STREQUAL "89504e470d0a1a0a")
  message(FATAL_ERROR "fit_2d --plot-fit wrote no picture: ${head}")
endif()
expect(3 "" "none/losses.png: cannot be written" --epochs 1 --plot-fit none/losses.png)

# Ctrl-C stops the fit and keeps the best so far; what was found until then is printed, with its status.
find_program(TIMEOUT timeout)
if(TIMEOUT)
  execute_process(COMMAND ${TIMEOUT} --preserve-status -s INT 5 ${FIT} --target moons --epochs 1000000 --checkpoint
    moons.ckpt --json WORKING_DIRECTORY ${DIR}
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT result EQUAL 130 OR NOT out MATCHES "\"status\": \"interrupted\"")
    message(FATAL_ERROR "interrupted fit_2d: exit ${result}\n${out}")
  endif()
  if(EXISTS ${DIR}/moons_nsf.safetensors)
    file(STRINGS ${DIR}/moons_nsf.safetensors saved LIMIT_COUNT 5)
  endif()
  if(NOT saved MATCHES "\"status\":\"interrupted\"")
    message(FATAL_ERROR "interrupted fit_2d saved no model")
  endif()
  if(NOT EXISTS ${DIR}/moons.ckpt)
    message(FATAL_ERROR "interrupted fit_2d kept no checkpoint")
  endif()
endif()
