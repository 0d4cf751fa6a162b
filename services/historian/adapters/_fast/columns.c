/* What Recorder does with plain data events, up to the first row that needs more than appending.

   It takes events in order, and the rows of each, and stops before one that is not plain - an event that is no data, a value that is
   historical or has no plain form, a tag that is not found yet, a time not after what was recorded before - and the Python way goes on from
   there. Built by `make accelerate` alone; docs/explanations/decisions/0013-optional-compiled-step.md. */

#include "namespace/sparkplug/_fast/members.h"

/* The classes on the way, and where their members lie; all told by prepare(). */
static PyTypeObject *slot_type, *tag_type, *data_type, *columns_type, *batch_type, *fresh_type;
static Py_ssize_t at_memo, at_newest_ms, at_columns, at_fresh, at_size;
static struct {
    Py_ssize_t slots, values, timestamps, unusual;
} at;

enum { ORDER, TAGS, AT_MS, RECEIVED_MS, CELLS, QUALITY, MARKS, COLUMNS };
static Py_ssize_t at_column[COLUMNS];
static PyObject *no_mark, *good; /* 0, and the quality of a slot that is nothing but a tag */

/* Whether a value is journaled as it is: Recorder._cell returns the same object. */
static int is_plain(PyObject *value)
{
    if (PyFloat_CheckExact(value) || PyBool_Check(value) || value == Py_None)
        return 1;
    if (PyLong_CheckExact(value)) {
        int overflow;
        PyLong_AsLongLongAndOverflow(value, &overflow);
        return overflow == 0;
    }
    return PyUnicode_CheckExact(value) && PyUnicode_FindChar(value, 0, 0, PyUnicode_GET_LENGTH(value), 1) == -1;
}

static int milliseconds(PyObject *number, long long *found)
{
    int overflow = 1;
    if (number == NULL || !PyLong_CheckExact(number))
        return 0;
    *found = PyLong_AsLongLongAndOverflow(number, &overflow);
    return overflow == 0;
}

/* The batch that is filled, and how many samples and notes it holds. */
typedef struct {
    PyObject *batch, *now_ms, *columns[COLUMNS];
    long long size;
} Filled;

static int append(const Filled *to, PyObject *tag, PyObject *time, PyObject *value, PyObject *quality)
{
    PyObject *order = PyLong_FromLongLong(to->size);
    if (order == NULL)
        return 0;
    PyObject *row[COLUMNS] = {order, tag, time, to->now_ms, value, quality, no_mark};
    int column = 0;
    while (column < COLUMNS && PyList_Append(to->columns[column], row[column]) == 0)
        column++;
    Py_DECREF(order);
    return column == COLUMNS;
}

/* Take the rows of one message; returns before which row it stopped, -1 with an exception where memory is short. */
static Py_ssize_t rows_of(PyObject *columns, Filled *to)
{
    PyObject *slots = MEMBER(columns, at.slots), *values = MEMBER(columns, at.values), *times = MEMBER(columns, at.timestamps);
    Py_ssize_t row = 0;
    if (slots == NULL || values == NULL || times == NULL || !PyList_CheckExact(slots) || !PyList_CheckExact(values) ||
        !PyList_CheckExact(times) || PyList_GET_SIZE(values) != PyList_GET_SIZE(slots) ||
        PyList_GET_SIZE(times) != PyList_GET_SIZE(slots))
        return 0;
    for (; row < PyList_GET_SIZE(slots); row++) {
        PyObject *slot = PyList_GET_ITEM(slots, row), *value = PyList_GET_ITEM(values, row), *time = PyList_GET_ITEM(times, row);
        long long at_ms, newest_ms;
        if (Py_TYPE(slot) != slot_type)
            break;
        PyObject *tag = MEMBER(slot, at_memo), *quality = good;
        if (tag != NULL && PyTuple_CheckExact(tag) && PyTuple_GET_SIZE(tag) == 2) {
            quality = PyTuple_GET_ITEM(tag, 1);
            tag = PyTuple_GET_ITEM(tag, 0);
            if (tag == Py_None)
                continue;
        }
        if (tag == NULL)
            break;
        if (Py_TYPE(tag) != tag_type || !is_plain(value) || !milliseconds(time, &at_ms) ||
            !milliseconds(MEMBER(tag, at_newest_ms), &newest_ms) || newest_ms >= at_ms)
            break;
        if (!append(to, tag, time, value, quality))
            return -1;
        put(tag, at_newest_ms, time);
        to->size++;
    }
    return row;
}

/* Whether an event is data of which its columns say all. */
static int is_plain_data(PyObject *event)
{
    if (Py_TYPE(event) != data_type)
        return 0;
    PyObject *columns = MEMBER(event, at_columns);
    return columns != NULL && Py_TYPE(columns) == columns_type && MEMBER(columns, at.unusual) == Py_None;
}

static int begin(Filled *to)
{
    if (Py_TYPE(to->batch) != batch_type || Py_TYPE(MEMBER(to->batch, at_fresh)) != fresh_type)
        return 0;
    to->size = PyLong_AsLongLong(MEMBER(to->batch, at_size));
    for (int column = 0; column < COLUMNS; column++) {
        to->columns[column] = MEMBER(MEMBER(to->batch, at_fresh), at_column[column]);
        if (!PyList_CheckExact(to->columns[column]))
            return 0;
    }
    if (PyErr_Occurred())
        return 0;
    for (int column = 0; column < COLUMNS; column++)
        Py_INCREF(to->columns[column]); /* the events come out of Python code, which might let go of them */
    return 1;
}

/* Say how many rows the batch holds now, whatever else went wrong. */
static void end(Filled *to, long long before)
{
    PyObject *type, *value, *trace, *size;
    PyErr_Fetch(&type, &value, &trace);
    size = to->size == before ? NULL : PyLong_FromLongLong(to->size);
    if (size != NULL)
        put(to->batch, at_size, size);
    Py_XDECREF(size);
    for (int column = 0; column < COLUMNS; column++)
        Py_DECREF(to->columns[column]);
    if (type != NULL)
        PyErr_Restore(type, value, trace);
}

PyDoc_STRVAR(take_doc, "take(events, batch, now_ms)\n--\n\n"
"Append the rows of plain data events to a batch. Return the first event that is anything else, and the row from which on it is; None at\n"
"the end of the events.");

static PyObject *take(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    Filled to = {NULL, NULL, {NULL}, 0};
    if (count != 3 || slot_type == NULL || !PyIter_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "take takes an iterator over events, a batch and a time, after prepare");
        return NULL;
    }
    to.batch = args[1];
    to.now_ms = args[2];
    if (!begin(&to)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "take fills a batch of lists");
        return NULL;
    }
    PyObject *event, *stopped = NULL;
    const long long before = to.size;
    while ((event = PyIter_Next(args[0])) != NULL) {
        Py_ssize_t row = 0;
        if (is_plain_data(event)) {
            PyObject *columns = MEMBER(event, at_columns);
            row = rows_of(columns, &to);
            if (row >= 0 && row == PyList_GET_SIZE(MEMBER(columns, at.slots))) {
                Py_DECREF(event);
                continue;
            }
        }
        if (row >= 0)
            stopped = Py_BuildValue("(On)", event, row);
        Py_DECREF(event);
        break;
    }
    end(&to, before);
    if (event == NULL && !PyErr_Occurred())
        Py_RETURN_NONE;
    return stopped;
}

PyDoc_STRVAR(prepare_doc, "prepare(Slot, Tag, Data, host columns, Batch, journal columns, good)\n--\n\n"
"Learn where the members of these classes lie; once, before the first use.");

static PyObject *prepare(PyObject *module, PyObject *args)
{
    static const char *const names[COLUMNS] = {"order", "tags", "at_ms", "received_ms", "cells", "quality", "marks"};
    PyObject *slot, *tag, *data, *columns, *batch, *fresh, *quality;
    PyTypeObject *type = &PyType_Type;
    (void)module;
    if (!PyArg_ParseTuple(args, "O!O!O!O!O!O!O!", type, &slot, type, &tag, type, &data, type, &columns, type, &batch, type,
                          &fresh, &PyLong_Type, &quality))
        return NULL;
    if (!offset_of(slot, "memo", &at_memo) || !offset_of(tag, "newest_ms", &at_newest_ms) ||
        !offset_of(data, "_columns", &at_columns) || !offset_of(columns, "slots", &at.slots) ||
        !offset_of(columns, "values", &at.values) || !offset_of(columns, "timestamps", &at.timestamps) ||
        !offset_of(columns, "unusual", &at.unusual) || !offset_of(batch, "fresh", &at_fresh) ||
        !offset_of(batch, "size", &at_size))
        return NULL;
    for (int column = 0; column < COLUMNS; column++)
        if (!offset_of(fresh, names[column], &at_column[column]))
            return NULL;
    if (no_mark == NULL && (no_mark = PyLong_FromLong(0)) == NULL)
        return NULL;
    Py_INCREF(quality);
    Py_XSETREF(good, quality);
    keep_type(&tag_type, tag);
    keep_type(&data_type, data);
    keep_type(&columns_type, columns);
    keep_type(&batch_type, batch);
    keep_type(&fresh_type, fresh);
    keep_type(&slot_type, slot);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"prepare", prepare, METH_VARARGS, prepare_doc},
                                {"take", (PyCFunction)(void (*)(void))take, METH_FASTCALL, take_doc},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "columns", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_columns(void) { return PyModule_Create(&definition); }
