/* What Recorder does with the rows of a plain data message, up to the first row that needs more than appending.

   It takes rows in order and stops before one that is not plain - whose tag is not found yet, a value that has no plain form, a time not
   after what was recorded before - and the Python way goes on from there. Built by `make accelerate` alone;
   docs/explanations/decisions/0013-optional-compiled-step.md. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

/* Where members lie, taken from the classes themselves by prepare(). */
static PyTypeObject *slot_type, *tag_type;
static Py_ssize_t at_memo, at_newest_ms;

#define MEMBER(object, offset) (*(PyObject **)((char *)(object) + (offset)))

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

PyDoc_STRVAR(extend_doc, "extend(slots, values, timestamps, order, tags, at_ms, cells, quality, size)\n--\n\n"
"Append the rows of a message to the columns of a batch, and return before which row it stopped.");

static PyObject *extend(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    (void)module;
    if (count != 9 || slot_type == NULL) {
        PyErr_SetString(PyExc_TypeError, "extend takes nine arguments, after prepare");
        return NULL;
    }
    for (int i = 0; i < 8; i++)
        if (!PyList_CheckExact(args[i])) {
            PyErr_SetString(PyExc_TypeError, "extend takes lists");
            return NULL;
        }
    PyObject *slots = args[0], *values = args[1], *times = args[2];
    long long size = PyLong_AsLongLong(args[8]);
    if (size == -1 && PyErr_Occurred())
        return NULL;
    Py_ssize_t rows = PyList_GET_SIZE(slots), row;
    if (PyList_GET_SIZE(values) != rows || PyList_GET_SIZE(times) != rows) {
        PyErr_SetString(PyExc_ValueError, "columns of different lengths");
        return NULL;
    }
    for (row = 0; row < rows; row++) {
        PyObject *slot = PyList_GET_ITEM(slots, row), *value = PyList_GET_ITEM(values, row), *time = PyList_GET_ITEM(times, row);
        long long at_ms, newest_ms;
        if (Py_TYPE(slot) != slot_type)
            break;
        PyObject *memo = MEMBER(slot, at_memo);
        if (memo == NULL || !PyTuple_CheckExact(memo) || PyTuple_GET_SIZE(memo) != 2)
            break;
        PyObject *tag = PyTuple_GET_ITEM(memo, 0);
        if (tag == Py_None)
            continue;
        if (Py_TYPE(tag) != tag_type || !is_plain(value) || !milliseconds(time, &at_ms) ||
            !milliseconds(MEMBER(tag, at_newest_ms), &newest_ms) || newest_ms >= at_ms)
            break;
        PyObject *number = PyLong_FromLongLong(size);
        if (number == NULL)
            return NULL;
        int failed = PyList_Append(args[3], number);
        Py_DECREF(number);
        if (failed || PyList_Append(args[4], tag) || PyList_Append(args[5], time) || PyList_Append(args[6], value) ||
            PyList_Append(args[7], PyTuple_GET_ITEM(memo, 1)))
            return NULL;
        PyObject *old = MEMBER(tag, at_newest_ms);
        Py_INCREF(time);
        MEMBER(tag, at_newest_ms) = time;
        Py_XDECREF(old);
        size++;
    }
    return PyLong_FromSsize_t(row);
}

static int offset_of(PyObject *type, const char *name, Py_ssize_t *offset)
{
    PyObject *found = PyObject_GetAttrString(type, name);
    if (found == NULL)
        return 0;
    int is_slot = Py_TYPE(found) == &PyMemberDescr_Type && ((PyMemberDescrObject *)found)->d_member->type == T_OBJECT_EX;
    if (is_slot)
        *offset = ((PyMemberDescrObject *)found)->d_member->offset;
    else
        PyErr_Format(PyExc_TypeError, "%s is no __slots__ member", name);
    Py_DECREF(found);
    return is_slot;
}

PyDoc_STRVAR(prepare_doc, "prepare(slot_type, tag_type)\n--\n\nLearn where the members of a Slot and a Tag lie; once, before the first use.");

static PyObject *prepare(PyObject *module, PyObject *args)
{
    PyObject *slot, *tag;
    (void)module;
    if (!PyArg_ParseTuple(args, "O!O!", &PyType_Type, &slot, &PyType_Type, &tag))
        return NULL;
    if (!offset_of(slot, "memo", &at_memo) || !offset_of(tag, "newest_ms", &at_newest_ms))
        return NULL;
    Py_INCREF(slot);
    Py_XSETREF(slot_type, (PyTypeObject *)slot);
    Py_INCREF(tag);
    Py_XSETREF(tag_type, (PyTypeObject *)tag);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"prepare", prepare, METH_VARARGS, prepare_doc},
                                {"extend", (PyCFunction)(void (*)(void))extend, METH_FASTCALL, extend_doc},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "columns", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_columns(void) { return PyModule_Create(&definition); }
